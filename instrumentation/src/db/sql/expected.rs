//! What the words of a statement announce.

use super::keyword::Keyword;

/// What the next token is, if it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Nothing,
    /// A table behind `FROM`, `JOIN` or such a comma.
    Source {
        may_be_quoted: bool,
    },
    /// A table behind `DELETE … USING`, where brackets hold columns: they belong to a `JOIN` before.
    Using,
    /// A target that stands behind this word, or others in between.
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

    /// Whether a quoted word behind this one can only be a name.
    pub(super) fn may_be_quoted(behind: Keyword) -> bool {
        matches!(behind, Keyword::Into | Keyword::Update | Keyword::Table)
    }
}
