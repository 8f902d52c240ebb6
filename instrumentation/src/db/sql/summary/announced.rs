//! Words and names that an earlier token has announced.

use super::super::expected::Expected;
use super::super::frame::Operation;
use super::super::keyword::Keyword;
use super::Summary;

impl Summary<'_> {
    /// True if only a name is possible here.
    pub(in super::super) fn expects_name(&self) -> bool {
        let current = self.frames.current;
        match self.expected {
            Expected::Source { may_be_quoted } => may_be_quoted,
            Expected::Object { behind } => Expected::may_be_quoted(behind),
            Expected::Expression => true,
            Expected::Nothing => current.operation == Operation::Start && current.is_source,
            Expected::Using
            | Expected::Alternative { .. }
            | Expected::ObjectKind
            | Expected::Procedure => false,
        }
    }

    /// Takes a word or a name if it is expected; true if it was.
    pub(super) fn is_expected(&mut self, start: usize, end: usize, keyword: Keyword) -> bool {
        match std::mem::replace(&mut self.expected, Expected::Nothing) {
            Expected::Nothing => return false,
            Expected::Source { may_be_quoted } => match keyword {
                Keyword::Only | Keyword::Lateral => {
                    self.expected = Expected::Source { may_be_quoted };
                }
                _ => self.target(Some((start, end)), true),
            },
            Expected::Using => self.target(Some((start, end)), true),
            Expected::Object { behind } => return self.object(start, end, behind, keyword),
            Expected::Alternative { behind } => self.expected = Expected::Object { behind },
            Expected::ObjectKind => self.object_kind(start, end, keyword),
            Expected::Procedure => self.target(Some((start, end)), false),
            Expected::Expression if keyword == Keyword::Recursive => {
                self.expected = Expected::Expression;
            }
            Expected::Expression => self.written.remember(start, end),
        }
        true
    }

    pub(super) fn telling_operand(&mut self, name: Option<(usize, usize)>) {
        let expects_name = self.expects_name();
        let name = name.filter(|_| expects_name);
        match self.expected {
            Expected::Procedure => return,
            Expected::Nothing => {
                if self.frames.current.operation == Operation::Start {
                    self.first_in_brackets(name);
                }
            }
            Expected::Expression => {
                if let Some((start, end)) = name {
                    self.written.remember(start, end);
                }
            }
            Expected::Source { .. } | Expected::Using => self.target(name, true),
            Expected::Object { .. } => self.target(name, false),
            Expected::Alternative { .. } | Expected::ObjectKind => {}
        }
        self.expected = Expected::Nothing;
    }

    /// Takes the target of an operation, or a word in between. A name that is such a word counts as
    /// one only if that is more likely.
    fn object(&mut self, start: usize, end: usize, after: Keyword, keyword: Keyword) -> bool {
        use Keyword as K;
        self.expected = match (after, keyword) {
            (K::Insert | K::Merge, K::Into) => Expected::behind(K::Into),
            (K::Insert | K::Update, K::Or) => Expected::Alternative { behind: after },
            (K::Insert | K::Update | K::Delete, K::Manner) => Expected::behind(after),
            (K::Insert | K::Update | K::Delete, K::Top) => Expected::Nothing,
            (K::Truncate | K::Into, K::Table) => Expected::behind(K::Table),
            (K::Into, K::Temporary) if self.frames.current.operation == Operation::Select => {
                Expected::behind(after)
            }
            (K::Into, K::File) => Expected::Nothing,
            (K::Update | K::Delete | K::Truncate | K::Table, K::Only) => Expected::behind(after),
            (K::Truncate | K::Table | K::Object, K::Condition) => Expected::behind(after),
            // An index without a name, or a target that was taken for a word in between.
            (K::Object, K::On) => Expected::Nothing,
            (K::Delete | K::Into, K::From) => return false,
            _ => {
                self.target(Some((start, end)), false);
                Expected::Nothing
            }
        };
        true
    }

    /// Takes the kind of object behind `CREATE`, `ALTER` or `DROP`.
    fn object_kind(&mut self, start: usize, end: usize, keyword: Keyword) {
        self.expected = match keyword {
            Keyword::Or | Keyword::Replace | Keyword::Temporary | Keyword::Condition => {
                Expected::ObjectKind
            }
            Keyword::Table | Keyword::Object => {
                self.written.add(start, end);
                Expected::behind(keyword)
            }
            Keyword::ObjectDetail => {
                self.written.add(start, end);
                Expected::ObjectKind
            }
            _ => {
                self.written.add(start, end);
                Expected::Nothing
            }
        };
    }
}
