//! Summaries as labels, where each makes a series of a metric. Statements that are built at run
//! time must not make an unlimited number of series.

use crate::reuse::table::Table;
use crate::semconv;

/// The text itself for the first hundreds of texts in a process, which keep their label. For later
/// ones, their first word.
pub(super) fn bounded(text: &str) -> &'static str {
    LABELS.bounded(text)
}

struct Labels {
    /// The conventions allow at most 1000; these are 960.
    texts: Table<Box<str>, 64, 15>,
    /// Texts that are not SQL can have any number of first words, too.
    words: Table<Box<str>, 8, 8>,
}

impl Labels {
    const fn new() -> Self {
        Self {
            texts: Table::new(),
            words: Table::new(),
        }
    }

    fn bounded(&self, text: &str) -> &str {
        if let Some(known) = self.texts.text(text) {
            return known;
        }
        let word = text.split(' ').next().unwrap_or_default();
        self.words.text(word).unwrap_or(semconv::OTHER)
    }
}

static LABELS: Labels = Labels::new();

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_come_to_an_end() {
        // A table of its own, because other tests need that of the process.
        let table = Labels::new();
        assert_eq!(table.bounded("SELECT stock"), "SELECT stock");
        let labels: HashSet<_> = (0..10_000)
            .map(|number| table.bounded(&format!("SELECT tenant_{number}")).to_owned())
            .collect();
        assert!((500..=960 + 1).contains(&labels.len()), "{}", labels.len());
        assert!(labels.contains("SELECT"));
        // Earlier texts keep their label.
        assert_eq!(table.bounded("SELECT stock"), "SELECT stock");

        let words: HashSet<_> = (0..10_000)
            .map(|number| table.bounded(&format!("word{number} x")).to_owned())
            .collect();
        assert!(words.len() <= 64 + 1, "{}", words.len());
        assert!(words.contains("_OTHER"));
    }
}
