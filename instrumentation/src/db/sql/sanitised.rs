//! The text without its values, cut to the maximum length.

use super::byte;

/// Collects the kept parts of a text, piece by piece.
///
/// Adjacent pieces are copied together. A text that becomes too long is cut between two tokens,
/// because half a token could mean something else.
#[derive(Debug)]
pub(super) struct Sanitised<'a> {
    text: &'a str,
    written: String,
    /// The range that is kept but not yet written.
    from: usize,
    to: usize,
    /// The length including the range that is not yet written.
    length: usize,
    /// The last position between two tokens at which a cut leaves room for the mark.
    last_cut: usize,
    is_full: bool,
    collapse_above: usize,
    list: List,
}

/// The current place in `IN (…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    None,
    /// Behind the word.
    Begins,
    /// Behind the bracket, with only values since.
    Values {
        opened_at: usize,
        commas: usize,
    },
    /// Values that are left out.
    LeftOut {
        is_behind_comma: bool,
    },
}

impl<'a> Sanitised<'a> {
    pub(super) fn new(text: &'a str, collapse_above: usize) -> Self {
        Self {
            text,
            written: String::with_capacity(text.len().min(MAX_TEXT)),
            from: 0,
            to: 0,
            length: 0,
            last_cut: 0,
            is_full: false,
            // A list of one cannot become shorter.
            collapse_above: collapse_above.max(1),
            list: List::None,
        }
    }

    /// The text unchanged, except that it is cut to length.
    pub(super) fn unchanged(text: &'a str) -> Self {
        let mut whole = Self::new(text, usize::MAX);
        if text.len() <= MAX_TEXT {
            whole.written.push_str(text);
        } else {
            let end = (0..=ROOM).rev().find(|end| text.is_char_boundary(*end));
            let cut = end.and_then(|end| text.get(..end));
            whole.written.push_str(cut.unwrap_or_default());
            whole.written.push_str(MARK);
        }
        whole.is_full = true;
        whole
    }

    /// True if nothing more can be added.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn finish(mut self) -> String {
        self.write();
        self.written
    }

    /// Adds a token that is kept. It ends a list if it is in one.
    #[inline]
    pub(super) fn keep(&mut self, start: usize, end: usize) {
        if self.is_full {
            return;
        }
        if self.list != List::None {
            self.end_list();
        }
        self.copy(start, end);
    }

    #[inline]
    pub(super) fn space(&mut self, start: usize, end: usize) {
        if !matches!(self.list, List::LeftOut { .. }) {
            self.copy(start, end);
        }
    }

    /// Adds the word behind which a list may begin.
    pub(super) fn keep_in(&mut self, start: usize, end: usize) {
        self.keep(start, end);
        self.list = List::Begins;
    }

    pub(super) fn open(&mut self, start: usize, end: usize) {
        if self.list == List::Begins {
            self.copy(start, end);
            self.list = List::Values {
                opened_at: self.length,
                commas: 0,
            };
        } else {
            self.keep(start, end);
        }
    }

    pub(super) fn close(&mut self, start: usize, end: usize) {
        self.list = List::None;
        self.copy(start, end);
    }

    #[inline]
    pub(super) fn comma(&mut self, start: usize, end: usize) {
        if self.is_full {
            return;
        }
        match &mut self.list {
            List::Values { commas, .. } => *commas += 1,
            List::LeftOut { is_behind_comma } => {
                *is_behind_comma = true;
                return;
            }
            List::Begins => self.list = List::None,
            List::None => {}
        }
        self.copy(start, end);
    }

    /// Adds a literal, which is hidden.
    #[inline]
    pub(super) fn hide(&mut self) {
        if !self.is_full && !self.is_left_out() {
            self.push("?");
        }
    }

    /// Adds a placeholder, or another value that is not hidden.
    #[inline]
    pub(super) fn item(&mut self, start: usize, end: usize) {
        if !self.is_full && !self.is_left_out() {
            self.copy(start, end);
        }
    }

    /// Adds the rest of the text as one literal.
    pub(super) fn hide_rest(&mut self) {
        self.hide();
        self.write();
        self.is_full = true;
    }

    /// Leaves out a comment that ends here. If it separates two tokens, a space replaces it.
    pub(super) fn leave_out(&mut self, end: usize) {
        if self.is_full {
            return;
        }
        let kept = self.text.as_bytes().get(self.from..self.to);
        let before = match kept {
            Some(kept @ [.., _]) => kept,
            _ => self.written.as_bytes(),
        };
        if before.ends_with(b"--") {
            // In MySQL these begin a comment only if a space follows.
            self.hide_rest();
            return;
        }
        let is_text = |byte: Option<&u8>| byte.is_some_and(|byte| !byte::is_space(*byte));
        if is_text(before.last()) && is_text(self.text.as_bytes().get(end)) {
            self.space_between();
        }
    }

    fn space_between(&mut self) {
        if !matches!(self.list, List::LeftOut { .. }) {
            self.push(" ");
        }
    }

    /// Counts a value of a list; true if it is left out.
    #[inline]
    fn is_left_out(&mut self) -> bool {
        match &mut self.list {
            List::None => false,
            List::Begins => {
                self.list = List::None;
                false
            }
            List::LeftOut { is_behind_comma } => {
                *is_behind_comma = false;
                true
            }
            List::Values { opened_at, commas } => {
                if *commas < self.collapse_above {
                    return false;
                }
                let opened_at = *opened_at;
                self.list = List::LeftOut {
                    is_behind_comma: false,
                };
                self.write();
                self.written.truncate(opened_at);
                self.length = opened_at;
                self.last_cut = self.last_cut.min(opened_at);
                self.push("?");
                true
            }
        }
    }

    /// Ends a list at a token that is not a value. The token is kept, and so is the text behind it.
    fn end_list(&mut self) {
        if let List::LeftOut { is_behind_comma } = self.list {
            self.push(if is_behind_comma { ", " } else { " " });
        }
        self.list = List::None;
    }

    #[inline]
    fn copy(&mut self, start: usize, end: usize) {
        if self.is_full {
            return;
        }
        if start != self.to {
            self.write();
            self.from = start;
        }
        self.to = end;
        self.grow(end - start);
    }

    fn push(&mut self, piece: &str) {
        if self.is_full {
            return;
        }
        self.write();
        self.written.push_str(piece);
        self.grow(piece.len());
    }

    #[inline]
    fn grow(&mut self, by: usize) {
        self.length += by;
        if self.length <= ROOM {
            self.last_cut = self.length;
        } else if self.length > MAX_TEXT {
            self.cut();
        }
    }

    #[cold]
    fn cut(&mut self) {
        let missing = self.last_cut.saturating_sub(self.written.len());
        self.to = self.to.min(self.from + missing);
        self.write();
        self.written.truncate(self.last_cut);
        self.written.push_str(MARK);
        self.is_full = true;
    }

    fn write(&mut self) {
        let kept = self.text.get(self.from..self.to).unwrap_or_default();
        self.written.push_str(kept);
        self.from = self.to;
    }
}

/// The longest text, in bytes.
pub(super) const MAX_TEXT: usize = 2048;

const MARK: &str = "…";

/// The length that is left beside the mark.
const ROOM: usize = MAX_TEXT - MARK.len();
