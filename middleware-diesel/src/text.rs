//! The text of a query, without its values.
//!
//! diesel shows a query as its text with the bound values behind it: `… -- binds: ["ada", 7]`. Its
//! `Display` writes the text and ` -- binds: ` as one piece each. It is stopped there, before a
//! value is written.

use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Replaces the content of `text` with the text of `query`. True if at least one value is bound to
/// it.
pub(crate) fn read(query: &dyn Display, text: &mut String) -> bool {
    text.clear();
    let mut reader = Reader {
        text,
        stage: Stage::Text,
    };
    // An error comes from the reader, which stops early, or from a query that cannot be built. The
    // panic is caught because the `Debug` of the first value begins to run, which is code that
    // would not run otherwise.
    let _ = catch_unwind(AssertUnwindSafe(|| write!(reader, "{query}")));
    let is_bound = reader.stage == Stage::Bound;
    if reader.stage == Stage::Text {
        // The text came as one piece, written by other code. It is not known whether values follow
        // the words, so no value counts as bound. A value may contain the words, too.
        let length = sent(text).len();
        text.truncate(length);
    }
    is_bound
}

/// The common part of the texts at the start and the end of a query: at the end, some drivers
/// report only the text.
pub(crate) fn sent(text: &str) -> &str {
    text.split_once(BINDS).map_or(text, |(sent, _)| sent)
}

struct Reader<'a> {
    text: &'a mut String,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Text,
    /// Behind ` -- binds: `.
    Words,
    /// Behind the bracket at the beginning of the list of values.
    List,
    Bound,
    Unbound,
}

impl Write for Reader<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if piece.is_empty() {
            return Ok(());
        }
        let list = match self.stage {
            Stage::Text if piece == BINDS => {
                self.stage = Stage::Words;
                return Ok(());
            }
            Stage::Text => {
                self.text.push_str(piece);
                return Ok(());
            }
            Stage::Words => piece.strip_prefix('['),
            Stage::List => Some(piece),
            Stage::Bound | Stage::Unbound => None,
        };
        self.stage = match list {
            Some("") => {
                self.stage = Stage::List;
                return Ok(());
            }
            // A value that begins like the end of the list does not count.
            Some(values) if !values.starts_with(']') => Stage::Bound,
            Some(_) | None => Stage::Unbound,
        };
        Err(fmt::Error)
    }
}

const BINDS: &str = " -- binds: ";

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Formatter};

    use super::*;

    /// Writes itself like diesel's `DebugQuery`.
    struct Query<'a>(&'a str, &'a [&'a dyn Debug]);

    impl Display for Query<'_> {
        fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
            let (text, binds) = (self.0, self.1);
            write!(formatter, "{text} -- binds: {binds:?}")
        }
    }

    struct Silent;

    impl Debug for Silent {
        fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
            formatter.write_str("]")
        }
    }

    struct Unshowable;

    impl Debug for Unshowable {
        fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
            panic!("it cannot be shown")
        }
    }

    #[test]
    fn values_are_cut_off_where_display_begins_with_them() {
        let cases: [(Query<'_>, &str, bool); 7] = [
            (Query("SELECT 1", &[]), "SELECT 1", false),
            (Query("SELECT ?", &[&1]), "SELECT ?", true),
            (Query("SELECT ?", &[&"a -- binds: [2]"]), "SELECT ?", true),
            (
                Query("SELECT ' -- binds: [3]', ?", &[&1]),
                "SELECT ' -- binds: [3]', ?",
                true,
            ),
            (
                Query("SELECT ' -- binds: [3]'", &[]),
                "SELECT ' -- binds: [3]'",
                false,
            ),
            (Query("SELECT ?", &[&Silent]), "SELECT ?", false),
            (
                Query("SELECT ?, ?", &[&1, &Unshowable]),
                "SELECT ?, ?",
                true,
            ),
        ];
        for (query, expected, expected_bound) in cases {
            let mut text = "left over".to_owned();
            let is_bound = read(&query, &mut text);
            assert_eq!((&*text, is_bound), (expected, expected_bound));
        }
    }

    #[test]
    fn a_value_that_panics_when_it_is_shown_counts_as_none() {
        let mut text = String::new();
        assert!(!read(&Query("SELECT ?", &[&Unshowable]), &mut text));
        assert_eq!(text, "SELECT ?");
    }

    #[test]
    fn text_that_comes_in_one_piece_is_cut_at_the_first_words_and_counts_as_unbound() {
        let cases = [
            ("SELECT ?", "SELECT ?"),
            ("SELECT ? -- binds: [1]", "SELECT ?"),
            ("SELECT ? -- binds: [\"a -- binds: b\"]", "SELECT ?"),
            ("SELECT 'a -- binds: [1]'", "SELECT 'a"),
            (" -- binds: ", ""),
            ("", ""),
        ];
        for (query, expected) in cases {
            let mut text = String::new();
            assert!(!read(&query, &mut text), "{query}");
            assert_eq!(text, expected, "{query}");
            assert_eq!(sent(query), expected, "{query}");
        }
    }

    #[test]
    fn a_query_that_cannot_be_built_has_no_text() {
        struct Unbuildable;

        impl Display for Unbuildable {
            fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }

        let mut text = "left over".to_owned();
        assert!(!read(&Unbuildable, &mut text));
        assert_eq!(text, "");
    }
}
