//! Open queries, and the one to which an end belongs.
//!
//! An end has only the text of its query. Usually a connection runs one query at a time, and the
//! text is not even read. But the drivers of diesel-async can have several queries under way, and a
//! future that was dropped leaves a start without an end.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};
use otel_instrumentation::DbOperation;

use crate::text;

/// The queries of one connection that have begun.
#[derive(Default)]
pub(crate) struct Open {
    /// The oldest first.
    begun: VecDeque<Begun>,
    /// True once an end was not that of the oldest query. From then on, the only open query may be
    /// one whose end never comes.
    is_strict: bool,
}

pub(crate) struct Begun {
    /// `None` if the query is not recorded.
    pub(crate) operation: Option<DbOperation>,
    /// `None` if the text was not read.
    text: Option<u64>,
    within: Within,
    /// True if the thread was panicking already.
    pub(crate) in_panic: bool,
}

/// The span that a query is part of.
type Within = (TraceId, SpanId);

impl Open {
    pub(crate) fn len(&self) -> usize {
        self.begun.len()
    }

    /// Adds a query. If there are too many, the oldest one ends.
    pub(crate) fn begin(&mut self, text: Option<&str>, operation: Option<DbOperation>) {
        if self.begun.len() >= MOST {
            self.begun.pop_front();
            self.is_strict = true;
        }
        self.begun.push_back(Begun {
            operation,
            text: text.map(key),
            within: within(),
            in_panic: std::thread::panicking(),
        });
    }

    /// The query that has ended. `None` if it began before this instrumentation was set.
    ///
    /// If several have the same text, it is the first within the same span, or else the first.
    pub(crate) fn end(&mut self, read_text: impl FnOnce() -> u64) -> Option<Begun> {
        if self.begun.is_empty() {
            return None;
        }
        if self.begun.len() == 1 && !self.is_strict {
            return self.begun.pop_front();
        }
        let text = read_text();
        let within = within();
        let is_it = |begun: &Begun| begun.text == Some(text);
        let position = |is_it: &dyn Fn(&Begun) -> bool| self.begun.iter().position(is_it);
        let found = position(&|begun| is_it(begun) && begun.within == within)
            .or_else(|| position(&is_it))
            .or_else(|| position(&|begun| begun.text.is_none()));
        self.is_strict |= found != Some(0);
        self.begun.remove(found?)
    }
}

/// A hash that identifies a text without keeping it.
pub(crate) fn key(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text::sent(text).hash(&mut hasher);
    hasher.finish()
}

fn within() -> Within {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        (span.trace_id(), span.span_id())
    })
}

/// More queries than a connection has under way, even if a program sends many at once.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};
    use otel_instrumentation::testing::Capture;
    use otel_instrumentation::{
        DatabaseConfig, DbClientInstrumentation, Statement, instrumentation_scope,
    };

    use super::*;

    /// The result of an end is the name of the span that it ends.
    struct Connection {
        capture: Capture,
        client: DbClientInstrumentation,
        open: Open,
    }

    impl Connection {
        fn new() -> Self {
            let capture = Capture::new();
            let config = DatabaseConfig::new()
                .span_name(|statement| statement.operation.map(|name| name.to_owned().into()))
                .providers(capture.providers());
            Self {
                client: DbClientInstrumentation::new(instrumentation_scope("test", "1"), config),
                capture,
                open: Open::default(),
            }
        }

        fn begin(&mut self, name: &str, text: &str) {
            let operation = self.client.start(&Statement::command(name));
            self.open.begin(Some(text), Some(operation));
        }

        fn end(&mut self, text: &str) -> Option<String> {
            let before = self.capture.spans().len();
            drop(self.open.end(|| key(text))?);
            let name = self.capture.spans().get(before)?.name.clone();
            Some(name.into_owned())
        }
    }

    fn span(id: u8) -> Context {
        Context::new().with_remote_span_context(SpanContext::new(
            TraceId::from_bytes([id; 16]),
            SpanId::from_bytes([id; 8]),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        ))
    }

    #[test]
    fn the_only_query_is_the_one_whose_text_is_not_asked_for() {
        let mut connection = Connection::new();
        connection.begin("a", "SELECT 1");
        let ended = connection.open.end(|| panic!("nobody has to know"));
        assert!(ended.is_some());
        assert!(
            connection
                .open
                .end(|| panic!("nobody has to know"))
                .is_none()
        );
    }

    #[test]
    fn ends_find_their_starts_by_their_text_first_in_first_out() {
        let mut connection = Connection::new();
        connection.begin("a", "SELECT 1");
        connection.begin("b", "SELECT 2");
        connection.begin("c", "SELECT 2");
        connection.begin("d", "SELECT 3");
        for (text, expected) in [
            ("SELECT 2", Some("b")),
            ("SELECT 4", None),
            ("SELECT 3", Some("d")),
            ("SELECT 2", Some("c")),
            // The only open query, but not the one that has ended.
            ("SELECT 2", None),
            ("SELECT 1", Some("a")),
            ("SELECT 1", None),
        ] {
            assert_eq!(connection.end(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_values_of_a_start_and_their_lack_at_the_end_make_no_difference() {
        let mut connection = Connection::new();
        connection.begin("a", "SELECT 1");
        connection.begin("b", "SELECT ' -- binds: '");
        assert_eq!(connection.end("SELECT '").as_deref(), Some("b"));
    }

    #[test]
    fn a_start_without_an_end_takes_none_of_another_span_away() {
        let mut connection = Connection::new();
        {
            let _request = span(1).attach();
            connection.begin("given up", "SELECT 1");
        }
        for request in 2..5 {
            let _request = span(request).attach();
            connection.begin("a", "SELECT 1");
            assert_eq!(connection.end("SELECT 1").as_deref(), Some("a"));
        }
        // A thread without the context: in the order of their starts.
        connection.begin("b", "SELECT 1");
        {
            let _elsewhere = span(9).attach();
            assert_eq!(connection.end("SELECT 1").as_deref(), Some("given up"));
        }
    }

    #[test]
    fn what_is_not_recorded_takes_its_own_end_away() {
        let mut connection = Connection::new();
        connection.begin("a", "SELECT 1");
        connection.open.begin(None, None);
        let ended = connection.open.end(|| key("SELECT 2"));
        assert!(ended.is_some_and(|begun| begun.operation.is_none()));
        assert_eq!(connection.end("SELECT 1").as_deref(), Some("a"));
    }

    #[test]
    fn so_many_are_open_at_most() {
        let mut connection = Connection::new();
        for _ in 0..MOST + 3 {
            connection.begin("a", "SELECT 1");
        }
        assert_eq!(connection.capture.spans().len(), 3);
        assert_eq!(connection.open.begun.len(), MOST);
    }

    #[test]
    fn the_end_of_what_was_too_much_is_nobody_elses() {
        let mut connection = Connection::new();
        connection.begin("too much", "SELECT 2");
        for _ in 0..MOST {
            connection.begin("a", "SELECT 1");
        }
        for _ in 1..MOST {
            assert_eq!(connection.end("SELECT 1").as_deref(), Some("a"));
        }
        assert_eq!(connection.end("SELECT 2"), None);
        assert_eq!(connection.end("SELECT 1").as_deref(), Some("a"));
    }

    #[test]
    fn what_is_open_ends_with_its_connection() {
        let mut connection = Connection::new();
        connection.begin("a", "SELECT 1");
        let Connection { open, capture, .. } = connection;
        drop(open);
        assert_eq!(capture.spans().len(), 1);
    }
}
