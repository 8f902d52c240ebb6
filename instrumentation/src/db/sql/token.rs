//! The parts of a text.

/// The kind of a token.
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
    /// A string in plain quotes, which some servers read as a name if one is required.
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
    /// The rest of the text, which is not reliable.
    Rest,
}

/// A part of the text.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// True if the token before it is a dot.
    pub(super) is_behind_dot: bool,
}
