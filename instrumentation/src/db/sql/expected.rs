//! The tokens that the words of a statement announce.

use super::keyword::Keyword;

/// The meaning of the next token, if it can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Nothing,
    /// A table behind `FROM`, `JOIN` or such a comma.
    Source {
        may_be_quoted: bool,
    },
    /// A table behind `DELETE … USING`. Brackets there contain the columns of an earlier `JOIN`.
    Using,
    /// A target behind this word. Other words may come between.
    Object {
        behind: Keyword,
    },
    /// The word behind `INSERT OR`, then a target.
    Alternative {
        behind: Keyword,
    },
    /// A word such as `TABLE`, then a target.
    ObjectKind,
    Procedure,
    /// The name of a common table expression.
    Expression,
}

impl Expected {
    pub(super) fn behind(behind: Keyword) -> Self {
        Self::Object { behind }
    }

    /// True if a quoted word behind this one can only be a name.
    pub(super) fn may_be_quoted(behind: Keyword) -> bool {
        matches!(behind, Keyword::Into | Keyword::Update | Keyword::Table)
    }
}
