//! The words of a summary, up to its maximum length.

/// Collects operations and targets one by one.
#[derive(Debug)]
pub(super) struct Written<'a> {
    text: &'a str,
    words: String,
    is_full: bool,
    /// The names of common table expressions.
    expressions: Vec<&'a str>,
}

impl<'a> Written<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            words: String::new(),
            is_full: false,
            expressions: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Ends the summary; nothing more is added.
    pub(super) fn stop(&mut self) {
        self.is_full = true;
    }

    pub(super) fn finish(self) -> String {
        self.words
    }

    /// Adds an operation or a target. If it is too long, the summary ends before it.
    pub(super) fn add(&mut self, start: usize, end: usize) {
        let word = self.text.get(start..end).unwrap_or_default();
        let length = self.words.len() + usize::from(!self.words.is_empty()) + word.len();
        if self.is_full || length > MAX_SUMMARY {
            self.is_full = true;
            return;
        }
        if !self.words.is_empty() {
            self.words.push(' ');
        }
        self.words.push_str(word);
    }

    /// Adds a source table, unless it is a common table expression.
    pub(super) fn add_source(&mut self, start: usize, end: usize) {
        let name = self.text.get(start..end).unwrap_or_default();
        let is_same = |known: &&str| unquoted(known).eq_ignore_ascii_case(unquoted(name));
        if !self.expressions.iter().any(is_same) {
            self.add(start, end);
        }
    }

    /// Remembers the name of a common table expression.
    pub(super) fn remember(&mut self, start: usize, end: usize) {
        if self.expressions.len() < MAX_EXPRESSIONS
            && let Some(name) = self.text.get(start..end)
        {
            self.expressions.push(name);
        }
    }

    /// Forgets these names, which are not known in the next statement.
    pub(super) fn forget(&mut self) {
        self.expressions.clear();
    }
}

fn unquoted(name: &str) -> &str {
    let inner = |open, close| name.strip_prefix(open)?.strip_suffix(close);
    inner('"', '"')
        .or_else(|| inner('`', '`'))
        .or_else(|| inner('[', ']'))
        .unwrap_or(name)
}

/// The longest summary, in bytes.
pub(super) const MAX_SUMMARY: usize = 255;

/// The maximum number of common table expressions that are remembered.
const MAX_EXPRESSIONS: usize = 32;
