//! Statements that repeat: read once, then looked up.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::label;
use super::sql::{self, ReadingOptions};
use crate::reuse::table::{Table, hash, mix};

/// What is recorded about a statement.
pub(super) struct Known {
    pub(super) text: Cow<'static, str>,
    pub(super) summary: Cow<'static, str>,
    /// The summary as the label of a metric.
    pub(super) label: &'static str,
}

/// What is recorded about a statement; it is read if it is not known yet.
pub(super) fn known(text: &str, options: ReadingOptions) -> Known {
    KNOWN.look_up(text, options)
}

struct Statements {
    kept: Table<Kept, 256, 8>,
    /// The hashes of statements that were seen once. Statements with values in their text hardly
    /// ever repeat, and would fill the table for those that do.
    seen: [AtomicU64; SEEN],
    /// The total length of the kept statements.
    bytes: AtomicUsize,
}

struct Kept {
    statement: Box<str>,
    options: ReadingOptions,
    text: Box<str>,
    summary: Box<str>,
    label: &'static str,
}

impl Statements {
    const fn new() -> Self {
        Self {
            kept: Table::new(),
            seen: [const { AtomicU64::new(0) }; SEEN],
            bytes: AtomicUsize::new(0),
        }
    }

    fn look_up(&'static self, text: &str, options: ReadingOptions) -> Known {
        let hash = mix(hash(text, 0), u64::from(options.sanitise));
        let is = |kept: &Kept| kept.options == options && *kept.statement == *text;
        if let Some(kept) = self.kept.get(hash, is) {
            return kept.known();
        }
        let fits = self
            .bytes
            .load(Ordering::Relaxed)
            .saturating_add(text.len())
            <= MOST_BYTES;
        if !fits || !self.was_seen(hash) {
            return Kept::read(text, options).into_known();
        }
        let keep = || {
            self.bytes.fetch_add(text.len(), Ordering::Relaxed);
            Kept::read(text, options)
        };
        match self.kept.find(hash, is, keep) {
            Some(kept) => kept.known(),
            None => Kept::read(text, options).into_known(),
        }
    }

    /// Remembers the statement. Two that share a slot displace each other until one comes twice in
    /// a row.
    fn was_seen(&self, hash: u64) -> bool {
        let place = usize::try_from(hash % SEEN as u64).unwrap_or_default();
        let seen = self.seen.get(place);
        seen.is_some_and(|seen| seen.swap(hash, Ordering::Relaxed) == hash)
    }
}

impl Kept {
    fn read(statement: &str, options: ReadingOptions) -> Self {
        let reading = sql::read(statement, &options);
        Self {
            statement: statement.into(),
            options,
            label: label::bounded(&reading.summary),
            text: reading.text.into(),
            summary: reading.summary.into(),
        }
    }

    fn known(&'static self) -> Known {
        Known {
            text: Cow::Borrowed(&self.text),
            summary: Cow::Borrowed(&self.summary),
            label: self.label,
        }
    }

    fn into_known(self) -> Known {
        Known {
            text: Cow::Owned(self.text.into()),
            summary: Cow::Owned(self.summary.into()),
            label: self.label,
        }
    }
}

static KNOWN: Statements = Statements::new();

/// The limit for the statements themselves. The result of reading one takes at most 2.3 KiB more.
const MOST_BYTES: usize = 4 << 20;
const SEEN: usize = 1024;

#[cfg(test)]
mod tests {
    use super::super::sql::SqlDialect;
    use super::*;

    #[test]
    fn what_comes_again_is_looked_up() {
        static STATEMENTS: Statements = Statements::new();
        let is_kept = |text: &str, options| {
            let known = STATEMENTS.look_up(text, options);
            assert_eq!(known.summary, "SELECT stock");
            matches!(
                (known.text, known.summary),
                (Cow::Borrowed(_), Cow::Borrowed(_))
            )
        };
        let text = "SELECT * FROM stock WHERE sku = $1";
        assert!(!is_kept(text, options(true)));
        assert!(is_kept(text, options(true)));
        assert!(is_kept(text, options(true)));
        // The same text counts as another one if it is read with other options.
        assert!(!is_kept(text, options(false)));

        let long = |length| [text, &" ".repeat(length)].concat();
        is_kept(&long(10_240), options(true));
        assert!(is_kept(&long(10_240), options(true)));
        // The table is bounded.
        for _ in 0..3 {
            assert!(!is_kept(&long(MOST_BYTES), options(true)));
        }
        assert!(is_kept(text, options(true)));
    }

    #[test]
    fn statements_that_come_once_take_no_room() {
        static STATEMENTS: Statements = Statements::new();
        for number in 0..100_000 {
            STATEMENTS.look_up(&format!("SELECT {number}"), options(true));
        }
        let texts = (0..200).map(|number| format!("SELECT a{number} FROM b"));
        let kept = texts.filter(|text| {
            STATEMENTS.look_up(text, options(true));
            let known = STATEMENTS.look_up(text, options(true));
            matches!(known.text, Cow::Borrowed(_))
        });
        assert_eq!(kept.count(), 200);
    }

    fn options(sanitise: bool) -> ReadingOptions {
        ReadingOptions {
            dialect: SqlDialect::Unknown,
            sanitise,
            collapse_above: 16,
        }
    }
}
