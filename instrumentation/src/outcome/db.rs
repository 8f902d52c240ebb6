//! How a query ends (`docs/db/database-spans.md`, "Status"; `docs/general/recording-errors.md`).

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};

use super::ending::Ending;
use super::error_type::PANIC;
use crate::reuse::intern;
use crate::semconv;

/// What a query learns by its end.
#[derive(Debug, Default)]
pub(crate) struct DbOutcome {
    /// The code of the database's error answer.
    code: Option<Code>,
    /// `None` until a number is reported; not every driver reports one.
    returned_rows: Option<u64>,
    counts_rows: bool,
    /// True if the span may have the messages of errors, which can contain values.
    pub(crate) tells_messages: bool,
}

/// An error's code for the span, and its low-cardinality form for labels.
#[derive(Debug)]
struct Code {
    text: Cow<'static, str>,
    label: &'static str,
}

impl DbOutcome {
    pub(crate) fn new(tells_messages: bool, counts_rows: bool) -> Self {
        Self {
            code: None,
            returned_rows: None,
            counts_rows,
            tells_messages,
        }
    }

    /// Records that the database answered with an error. The first one counts; returns true if it
    /// is this one.
    pub(crate) fn answer_error(&mut self, code: &str) -> bool {
        if self.code.is_some() {
            return false;
        }
        let known = intern::error_code(code);
        self.code = Some(Code {
            text: known.map_or_else(|| Cow::Owned(code.to_owned()), Cow::Borrowed),
            label: known.unwrap_or(semconv::OTHER),
        });
        true
    }

    /// True if the database has answered with an error.
    pub(crate) fn is_error(&self) -> bool {
        self.code.is_some()
    }

    pub(crate) fn return_rows(&mut self, rows: u64) {
        if self.counts_rows {
            let before = self.returned_rows.unwrap_or(0);
            self.returned_rows = Some(before.saturating_add(rows));
        }
    }

    /// A caller that drops a query gives it up on purpose, which is not an error.
    pub(super) fn error_type(&self, ending: Ending) -> Option<&'static str> {
        match ending {
            Ending::Panicked => Some(PANIC),
            Ending::Finished | Ending::Dropped => self.code.as_ref().map(|code| code.label),
        }
    }

    pub(super) fn label(&self, error_type: Option<StringValue>, labels: &mut Vec<KeyValue>) {
        if let Some(code) = &self.code {
            labels.push(KeyValue::new(semconv::DB_RESPONSE_STATUS_CODE, code.label));
        }
        if let Some(error_type) = error_type {
            labels.push(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
    }

    pub(super) fn describe(&mut self, set: impl Fn(KeyValue)) {
        if let Some(rows) = self.returned_rows {
            let rows = i64::try_from(rows).unwrap_or(i64::MAX);
            set(KeyValue::new(semconv::DB_RESPONSE_RETURNED_ROWS, rows));
        }
        if let Some(code) = self.code.take() {
            set(KeyValue::new(semconv::DB_RESPONSE_STATUS_CODE, code.text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ending::{Dropped, Finished, Panicked};

    #[test]
    fn error_types_of_queries_are_codes() {
        let cases = [
            (Finished, None, None),
            (Finished, Some("23505"), Some("23505")),
            (Finished, Some("1062"), Some("1062")),
            // Dropped by the caller: not an error, unless there was one before.
            (Dropped, None, None),
            (Dropped, Some("2067"), Some("2067")),
            (Panicked, None, Some("panic")),
            (Panicked, Some("1"), Some("panic")),
        ];
        for (ending, code, expected) in cases {
            let mut outcome = DbOutcome::default();
            if let Some(code) = code {
                assert!(outcome.answer_error(code));
            }
            assert_eq!(outcome.error_type(ending), expected, "{ending:?} {code:?}");
        }
    }

    #[test]
    fn the_first_error_counts() {
        let mut outcome = DbOutcome::default();
        assert!(outcome.answer_error("40001"));
        assert!(!outcome.answer_error("25P02"));
        assert_eq!(outcome.error_type(Finished), Some("40001"));
    }

    #[test]
    fn a_code_that_is_no_code_is_no_label() {
        let long = "x".repeat(65);
        let mut outcome = DbOutcome::default();
        outcome.answer_error(&long);
        assert_eq!(outcome.error_type(Finished), Some("_OTHER"));
    }

    #[test]
    fn rows_are_counted_where_that_is_asked_for() {
        for (counts, expected) in [(true, Some(3)), (false, None)] {
            let mut outcome = DbOutcome::new(false, counts);
            assert_eq!(outcome.returned_rows, None);
            outcome.return_rows(2);
            outcome.return_rows(1);
            assert_eq!(outcome.returned_rows, expected);
        }
    }
}
