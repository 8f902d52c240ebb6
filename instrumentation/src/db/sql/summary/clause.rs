//! Words that begin operations, or the clauses that contain targets.

use super::super::expected::Expected;
use super::super::frame::List;
use super::super::frame::Operation;
use super::super::keyword::Keyword;
use super::Summary;

impl Summary<'_> {
    pub(super) fn first_word(&mut self, start: usize, end: usize, keyword: Keyword) {
        if self.frames.is_outermost() {
            if !self.begin(start, end, keyword) {
                self.written.add(start, end);
                self.frames.current.operation = Operation::Other;
            }
            return;
        }
        let begins = match keyword {
            Keyword::Select
            | Keyword::Insert
            | Keyword::Update
            | Keyword::Delete
            | Keyword::Merge
            | Keyword::With => self.begin(start, end, keyword),
            Keyword::Values => {
                self.frames.current.operation = Operation::Other;
                true
            }
            _ => false,
        };
        if !begins {
            self.first_in_brackets(Some((start, end)));
        }
    }

    /// Begins an operation if the word is one; true if it is.
    pub(super) fn begin(&mut self, start: usize, end: usize, keyword: Keyword) -> bool {
        let (operation, list, expected) = match keyword {
            Keyword::Select => (Operation::Select, List::Nothing, Expected::Nothing),
            Keyword::Insert | Keyword::Replace => (
                Operation::Insert,
                List::Nothing,
                Expected::behind(Keyword::Insert),
            ),
            Keyword::Update => (Operation::Update, List::Sources, Expected::behind(keyword)),
            Keyword::Delete => (Operation::Delete, List::Nothing, Expected::behind(keyword)),
            Keyword::Merge => (Operation::Merge, List::Nothing, Expected::behind(keyword)),
            Keyword::Create | Keyword::Alter => {
                (Operation::Create, List::Nothing, Expected::ObjectKind)
            }
            Keyword::Drop => (Operation::Drop, List::Objects, Expected::ObjectKind),
            Keyword::Truncate => (Operation::Drop, List::Objects, Expected::behind(keyword)),
            Keyword::Call => (Operation::Other, List::Nothing, Expected::Procedure),
            Keyword::Explain => (Operation::Continue, List::Nothing, Expected::Nothing),
            Keyword::With => (Operation::With, List::Nothing, Expected::Expression),
            _ => return false,
        };
        if keyword != Keyword::With {
            self.written.add(start, end);
        }
        let awaits_from = matches!(operation, Operation::Select | Operation::Delete);
        self.frames.current.begin(operation, list, awaits_from);
        self.expected = expected;
        true
    }

    /// Takes a word in the middle of an operation.
    pub(super) fn clause(&mut self, start: usize, end: usize, keyword: Keyword, previous: Keyword) {
        let current = &mut self.frames.current;
        match (current.operation, keyword) {
            (_, Keyword::Union) => current.begin(Operation::Continue, List::Nothing, false),
            // Neither `IS DISTINCT FROM` nor a second one: `FOR SYSTEM_TIME FROM '2020-01-01'`.
            (_, Keyword::From) if current.awaits_from && previous != Keyword::Distinct => {
                current.awaits_from = false;
                current.list = List::Sources;
                self.expected = Expected::Source {
                    may_be_quoted: true,
                };
            }
            (_, Keyword::Join) => {
                let is_joined = matches!(current.list, List::Sources | List::Joins);
                // `USE INDEX FOR JOIN (…)`.
                if is_joined && previous != Keyword::For {
                    self.expected = Expected::Source {
                        may_be_quoted: true,
                    };
                }
            }
            (Operation::Select | Operation::Insert | Operation::Merge, Keyword::Into) => {
                self.expected = Expected::behind(keyword);
            }
            (Operation::Insert, Keyword::Select | Keyword::With) => {
                self.begin(start, end, keyword);
            }
            // Neither `CREATE POLICY … FOR SELECT` nor `CREATE RULE … ON SELECT`.
            (Operation::Create, Keyword::Select)
                if !matches!(previous, Keyword::For | Keyword::On) =>
            {
                self.begin(start, end, keyword);
            }
            (Operation::Create, Keyword::With) if previous == Keyword::As => {
                self.begin(start, end, keyword);
            }
            (Operation::Delete, Keyword::Using) => self.expected = Expected::Using,
            (Operation::Update, Keyword::Set) => {
                current.list = List::Nothing;
                current.awaits_from = true;
            }
            (_, Keyword::For) if current.list == List::Sources => current.list = List::Joins,
            (_, Keyword::Clause) => current.list = List::Nothing,
            _ => {}
        }
    }
}
