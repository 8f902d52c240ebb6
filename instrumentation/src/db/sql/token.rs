//! The parts of a text.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Space,
    Comment,
    Word,
    /// Words with dots between them.
    Qualified,
    /// A quoted name.
    Name,
    /// A quoted name or a string.
    Ambiguous,
    /// A string in plain quotes, which some servers take for a name where one has to be.
    Text,
    /// Any other value.
    Literal,
    Placeholder,
    Open,
    Close,
    CloseBracket,
    Comma,
    Dot,
    Semicolon,
    Other,
    /// What cannot be relied on, to the end of the text.
    Rest,
}

/// A part of the text.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether the token before it is a dot.
    pub(super) is_behind_dot: bool,
}
