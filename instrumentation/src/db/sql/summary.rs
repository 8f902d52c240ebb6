//! Operations and their targets, in the order of the text: `INSERT shipping_details SELECT orders`.
//!
//! The place of a word makes it an operation, not the word itself: `FOR UPDATE` begins none.

mod announced;
mod clause;

use super::expected::Expected;
use super::frame::Frame;
use super::frame::Frames;
use super::frame::List;
use super::frame::Operation;
use super::keyword::Keyword;
use super::written::Written;

/// Takes the tokens of a text and keeps the operations and targets.
#[derive(Debug)]
pub(super) struct Summary<'a> {
    written: Written<'a>,
    frames: Frames,
    expected: Expected,
    /// The word before, or [`Keyword::Name`] for any other token.
    previous: Keyword,
    /// A target that may continue with a dot, or with a bracket that makes it a function.
    target: Option<Target>,
    /// The number of words since the last target, while each may be its alias.
    since_target: u8,
}

#[derive(Clone, Copy, Debug)]
struct Target {
    start: usize,
    end: usize,
    /// True if it is behind `FROM` and the like.
    is_source: bool,
    ends_with_dot: bool,
}

impl<'a> Summary<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            written: Written::new(text),
            frames: Frames::new(),
            expected: Expected::Nothing,
            previous: Keyword::Name,
            target: None,
            since_target: u8::MAX,
        }
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.written.is_full()
    }

    pub(super) fn finish(mut self) -> String {
        self.settle();
        self.written.finish()
    }

    /// Ends the summary, because the rest of the text is not reliable.
    pub(super) fn stop(&mut self) {
        self.settle();
        self.written.stop();
    }

    #[inline]
    pub(super) fn word(&mut self, start: usize, end: usize, keyword: Keyword) {
        if self.target.is_some() && self.goes_on(start, end) {
            return;
        }
        let previous = self.step(keyword);
        let is_plain = keyword == Keyword::Name && self.expected == Expected::Nothing;
        if !(is_plain && self.frames.current.operation != Operation::Start) {
            self.telling_word(start, end, keyword, previous);
        }
    }

    /// Takes a quoted name.
    pub(super) fn name(&mut self, start: usize, end: usize) {
        if self.target.is_some() && self.goes_on(start, end) {
            return;
        }
        self.step(Keyword::Name);
        if self.is_expected(start, end, Keyword::Name) || self.frames.is_outermost() {
            return;
        }
        if self.frames.current.operation == Operation::Start {
            self.first_in_brackets(Some((start, end)));
        }
    }

    /// Takes a literal or a placeholder. `name` is its place, if it may be a name where one is
    /// expected. It makes no difference to the tokens behind.
    #[inline]
    pub(super) fn operand(&mut self, name: Option<(usize, usize)>) {
        self.step(Keyword::Name);
        self.since_target = u8::MAX;
        let is_plain = self.expected == Expected::Nothing;
        if !(is_plain && self.frames.current.operation != Operation::Start) {
            self.telling_operand(name);
        }
    }

    pub(super) fn open(&mut self) {
        // A target with brackets behind it is a function, or a table with its columns.
        if self.target.is_some_and(|target| target.is_source) {
            self.target = None;
        }
        self.step(Keyword::Name);
        self.since_target = u8::MAX;
        let is_source = matches!(self.expected, Expected::Source { .. });
        let current = &mut self.frames.current;
        let is_first = current.operation == Operation::Start;
        let inner = if is_source || (is_first && current.is_source) {
            Frame::source()
        } else {
            Frame::new(Operation::Start)
        };
        if is_first && current.is_source {
            current.begin(Operation::Select, List::Sources, false);
        } else if is_first {
            current.operation = Operation::Other;
        }
        self.expected = Expected::Nothing;
        self.frames.open(inner);
    }

    pub(super) fn close(&mut self) {
        self.step(Keyword::Name);
        self.since_target = u8::MAX;
        self.expected = Expected::Nothing;
        self.frames.close();
    }

    #[inline]
    pub(super) fn comma(&mut self) {
        let distance = self.since_target;
        self.step(Keyword::Name);
        let current = self.frames.current;
        self.expected = match (current.operation, current.list) {
            (Operation::With, _) => Expected::Expression,
            // A string behind a condition may be a value.
            (_, List::Sources) => Expected::Source {
                may_be_quoted: distance <= ALIAS,
            },
            (_, List::Objects) => Expected::Object {
                behind: if distance == 0 {
                    Keyword::Table
                } else {
                    Keyword::Object
                },
            },
            _ => Expected::Nothing,
        };
    }

    pub(super) fn dot(&mut self, at: usize) {
        match &mut self.target {
            Some(target) if target.end == at => {
                target.end += 1;
                target.ends_with_dot = true;
            }
            _ => self.other(),
        }
    }

    pub(super) fn semicolon(&mut self) {
        self.step(Keyword::Name);
        self.expected = Expected::Nothing;
        self.frames.restart();
        self.written.forget();
    }

    #[inline]
    pub(super) fn other(&mut self) {
        self.step(Keyword::Name);
        self.since_target = u8::MAX;
        // `EXEC @result = procedure`.
        if self.expected != Expected::Procedure {
            self.expected = Expected::Nothing;
        }
    }
}

impl<'a> Summary<'a> {
    /// True if this is a further part of the target before it.
    fn goes_on(&mut self, start: usize, end: usize) -> bool {
        match &mut self.target {
            Some(target) if target.ends_with_dot && target.end == start => {
                target.end = end;
                target.ends_with_dot = false;
                true
            }
            _ => false,
        }
    }

    /// Takes another token, which completes the target before it.
    #[inline]
    fn step(&mut self, keyword: Keyword) -> Keyword {
        if self.target.is_some() {
            self.settle();
        }
        self.since_target = match keyword {
            Keyword::Name | Keyword::As => self.since_target.saturating_add(1),
            _ => u8::MAX,
        };
        std::mem::replace(&mut self.previous, keyword)
    }

    fn telling_word(&mut self, start: usize, end: usize, keyword: Keyword, previous: Keyword) {
        if self.is_expected(start, end, keyword) {
            return;
        }
        match self.frames.current.operation {
            Operation::Start => self.first_word(start, end, keyword),
            Operation::Continue | Operation::With => {
                if keyword == Keyword::Recursive && previous == Keyword::With {
                    self.expected = Expected::Expression;
                } else {
                    self.begin(start, end, keyword);
                }
            }
            Operation::Expression => {}
            _ => self.clause(start, end, keyword, previous),
        }
    }

    /// Handles brackets whose content does not begin with an operation.
    fn first_in_brackets(&mut self, name: Option<(usize, usize)>) {
        if self.frames.is_outermost() {
            return;
        }
        if self.frames.current.is_source {
            let current = &mut self.frames.current;
            current.begin(Operation::Select, List::Sources, false);
            self.target(name, true);
        } else {
            self.frames.current.operation = Operation::Expression;
        }
    }

    /// Begins a target, or something without a name in its place.
    fn target(&mut self, name: Option<(usize, usize)>, is_source: bool) {
        self.since_target = 0;
        self.target = name.map(|(start, end)| Target {
            start,
            end,
            is_source,
            ends_with_dot: false,
        });
    }

    /// Writes the target, which is complete.
    fn settle(&mut self) {
        let Some(target) = self.target.take() else {
            return;
        };
        let end = target.end - usize::from(target.ends_with_dot);
        if target.is_source {
            self.written.add_source(target.start, end);
        } else {
            self.written.add(target.start, end);
        }
    }
}

/// `AS` and a name.
const ALIAS: u8 = 2;
