//! A problem in a file, and its place.

use std::fmt;

/// A place in the file, as editors count: line and column from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// An error or a warning about a place in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub(super) place: Place,
    /// `tracer_provider.sampler`; empty for the file as a whole.
    pub(super) path: String,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(place: Place, path: impl Into<String>, text: impl fmt::Display) -> Self {
        Self {
            place,
            path: path.into(),
            text: text.to_string(),
        }
    }
}

/// `12:9: tracer_provider.sampler: …`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        write!(f, "{line}:{column}: ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}
