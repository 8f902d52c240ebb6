//! What the services say on standard error: what concerns telemetry goes on to the user at once,
//! the last of the rest is kept in case the service ends.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;

/// Shared by the services: five that cannot reach one collector have one thing to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Complaints {
    /// Who has said what.
    said: Arc<Mutex<HashMap<String, BTreeSet<&'static str>>>>,
}

impl Complaints {
    /// Reads until the pipe closes, and returns the last lines that have not been passed on.
    pub(crate) async fn listen(&self, service: &'static str, pipe: ChildStderr) -> String {
        let mut lines = BufReader::new(pipe).lines();
        let mut last = VecDeque::new();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(text) = about_telemetry(&line) {
                if self.is_news(service, text) {
                    // Nobody is left to be told that standard error is closed.
                    let _ = writeln!(anstream::stderr(), "{service}: {text}");
                }
            } else if !is_ordinary(&line) {
                last.push_back(line);
                if last.len() > LAST_LINES {
                    last.pop_front();
                }
            }
        }
        Vec::from(last).join("\n  ")
    }

    /// What another service has said already is none. What the same service says again is: the
    /// collector was there in between.
    fn is_news(&self, service: &'static str, text: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= DIFFERENT {
            said.clear();
        }
        let speakers = said.entry(text.to_owned()).or_default();
        let is_first = speakers.is_empty();
        let is_repeated = !speakers.insert(service);
        if is_repeated {
            *speakers = BTreeSet::from([service]);
        }
        is_first || is_repeated
    }
}

/// What the line says if it is `otel-autoconfigure` that speaks, through the log or past it.
fn about_telemetry(line: &str) -> Option<&str> {
    let logged = |line: &'_ str| -> Option<usize> {
        let (_, level) = head(line)?;
        let target = line.find(LOGGED)?;
        (target <= level + LONGEST_LEVEL).then_some(target + LOGGED.len())
    };
    line.strip_prefix(PLAIN)
        .or_else(|| line.get(logged(line)?..))
}

/// A line of the log that is no reason to end: a declined card is a warning, too.
fn is_ordinary(line: &str) -> bool {
    head(line).is_some_and(|(level, _)| ["WARN", "INFO", "DEBUG", "TRACE"].contains(&level))
}

/// The level of a line of the log, which follows the time, and where it stands.
fn head(line: &str) -> Option<(&str, usize)> {
    let (time, rest) = line.split_once(' ')?;
    time.ends_with('Z').then_some(())?;
    let level = rest.split_whitespace().next()?;
    Some((level, time.len()))
}

const LAST_LINES: usize = 10;
/// A message may hold numbers; nobody wants all of them for ever.
const DIFFERENT: usize = 1_000;
const PLAIN: &str = "otel-autoconfigure: ";
const LOGGED: &str = " otel_autoconfigure: ";
/// `  WARN`
const LONGEST_LEVEL: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_telemetry_are_told_from_others() {
        let table = [
            (
                "2026-11-26T09:25:33.592530Z  WARN otel_autoconfigure: metrics cannot go",
                Some("metrics cannot go"),
            ),
            (
                "2026-11-26T09:25:33.592530Z  INFO otel_autoconfigure: traces arrive again",
                Some("traces arrive again"),
            ),
            ("otel-autoconfigure: no subscriber", Some("no subscriber")),
            (
                "2026-11-26T09:25:33.592530Z  INFO shop: user= otel_autoconfigure: x",
                None,
            ),
            ("thread 'main' panicked at src/main.rs:1:1:", None),
            ("", None),
        ];
        for (line, text) in table {
            assert_eq!(about_telemetry(line), text, "{line}");
        }
    }

    #[test]
    fn only_what_may_be_a_reason_is_kept() {
        let table = [
            ("2026-11-26T09:25:33.592530Z  INFO shop: checking out", true),
            ("2026-11-26T09:25:33.592530Z ERROR shop: no stock", false),
            ("2026-11-26T09:25:33.592530Z  WARN shop: declined", true),
            ("port 80 cannot be used", false),
            ("", false),
        ];
        for (line, ordinary) in table {
            assert_eq!(is_ordinary(line), ordinary, "{line}");
        }
    }

    #[test]
    fn outage_is_said_once_for_all_and_again_after_a_recovery() {
        let complaints = Complaints::default();
        assert!(complaints.is_news("gateway", "traces cannot go"));
        assert!(!complaints.is_news("orders", "traces cannot go"));
        assert!(complaints.is_news("orders", "logs cannot go"));
        assert!(complaints.is_news("gateway", "traces cannot go"));
        assert!(!complaints.is_news("payment", "traces cannot go"));
    }
}
