//! What the services say on standard error: what concerns telemetry goes on to the user at once,
//! the last of the rest is kept in case the service ends.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
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
                if self.is_news(service, &text) {
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
    /// collector was there in between. What a service has lost is always its own.
    fn is_news(&self, service: &'static str, text: &str) -> bool {
        if text.starts_with(LOSS) {
            return true;
        }
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

/// A line of the log, as `otel-autoconfigure` writes it where nobody sits at a terminal.
#[derive(Deserialize)]
struct Logged<'a> {
    level: &'a str,
    target: &'a str,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl<'a> Logged<'a> {
    fn read(line: &'a str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// What the line says if it is `otel-autoconfigure` that speaks, through the log or past it. Where
/// everything goes is said by the launcher already.
fn about_telemetry(line: &str) -> Option<Cow<'_, str>> {
    if let Some(text) = line.strip_prefix(PLAIN) {
        return Some(Cow::Borrowed(text));
    }
    let logged = Logged::read(line)?;
    let is_news = logged.target == TARGET && !logged.message.starts_with(AT_START);
    is_news.then_some(logged.message)
}

/// A line of the log that is no reason to end: a declined card is a warning, too.
fn is_ordinary(line: &str) -> bool {
    Logged::read(line).is_some_and(|logged| logged.level != "ERROR")
}

const LAST_LINES: usize = 10;
/// A message may hold numbers; nobody wants all of them for ever.
const DIFFERENT: usize = 1_000;
const PLAIN: &str = "otel-autoconfigure: ";
const TARGET: &str = "otel_autoconfigure";
const AT_START: &str = "exporting ";

/// How a count of what was lost begins.
const LOSS: &str = "exactly ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_telemetry_are_told_from_others() {
        let table = [
            (
                r#"{"level":"WARN","target":"otel_autoconfigure","message":"metrics cannot go"}"#,
                Some("metrics cannot go"),
            ),
            (
                r#"{"level":"INFO","target":"otel_autoconfigure","message":"traces \"arrive\""}"#,
                Some("traces \"arrive\""),
            ),
            (
                r#"{"level":"INFO","target":"otel_autoconfigure","message":"exporting traces to x"}"#,
                None,
            ),
            ("otel-autoconfigure: no subscriber", Some("no subscriber")),
            (
                r#"{"level":"INFO","target":"shop","message":"otel_autoconfigure: x"}"#,
                None,
            ),
            ("thread 'main' panicked at src/main.rs:1:1:", None),
            ("", None),
        ];
        for (line, text) in table {
            assert_eq!(about_telemetry(line).as_deref(), text, "{line}");
        }
    }

    #[test]
    fn only_what_may_be_a_reason_is_kept() {
        let table = [
            (
                r#"{"level":"INFO","target":"shop","message":"checking out"}"#,
                true,
            ),
            (
                r#"{"level":"WARN","target":"shop","message":"declined"}"#,
                true,
            ),
            (
                r#"{"level":"ERROR","target":"shop","message":"no stock"}"#,
                false,
            ),
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

    #[test]
    fn equal_losses_of_two_services_are_both_said() {
        let complaints = Complaints::default();
        let loss = "exactly 12 spans were dropped because the queue was full";
        assert!(complaints.is_news("gateway", loss));
        assert!(complaints.is_news("payment", loss));
    }
}
