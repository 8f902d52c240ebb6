//! The services' output on standard error. Messages about telemetry are passed on to the user at
//! once; the last of the other lines are kept in case the service dies.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;

/// Shared by the services: if five cannot reach one collector, it is reported once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Complaints {
    /// Which services have logged each message.
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
                    // If standard error is closed, there is nowhere to report it.
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

    /// A message that another service has logged already is not news. If the same service logs it
    /// again, it is news: the collector was reachable in between. A loss is always news.
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

/// A line of the log, as `otel-autoconfigure` writes it without a terminal.
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

/// The message, if `otel-autoconfigure` wrote it, through the log or directly to standard error.
/// The launcher has already said where everything is exported.
fn about_telemetry(line: &str) -> Option<Cow<'_, str>> {
    if let Some(text) = line.strip_prefix(PLAIN) {
        return Some(Cow::Borrowed(text));
    }
    let logged = Logged::read(line)?;
    let is_news = logged.target == TARGET && !logged.message.starts_with(AT_START);
    is_news.then_some(logged.message)
}

/// A log line that is no reason for the end: a declined card is also a warning.
fn is_ordinary(line: &str) -> bool {
    Logged::read(line).is_some_and(|logged| logged.level != "ERROR")
}

const LAST_LINES: usize = 10;
/// Messages may contain numbers; the set must not grow forever.
const DIFFERENT: usize = 1_000;
const PLAIN: &str = "otel-autoconfigure: ";
const TARGET: &str = "otel_autoconfigure";
const AT_START: &str = "exporting ";

/// How a message about losses begins.
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
