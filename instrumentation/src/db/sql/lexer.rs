//! The tokens of a statement that matter for values, names and brackets.

mod quoted;

use super::byte;
use super::byte::Class;
use super::comment;
use super::comment::Comment;
use super::dialect::SqlDialect;
use super::extent;
use super::token::Kind;
use super::token::Token;

/// Reads tokens from the beginning to the end.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: SqlDialect,
    previous: Kind,
    /// A string behind it continues with its rules: `E'a'⏎'b'` is one string in PostgreSQL.
    is_behind_escape_string: bool,
    /// Behind a `[` that may begin a name. Each token in it has to begin and end there; otherwise
    /// the rest is unsure.
    is_in_bracket: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, dialect: SqlDialect) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            dialect,
            previous: Kind::Space,
            is_behind_escape_string: false,
            is_in_bracket: false,
        }
    }

    #[inline]
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// True if a dot is before or behind it: `a.from` is not a keyword, and `a."b"` is not a
    /// string.
    #[inline]
    pub(super) fn is_part_of_name(&self, token: &Token) -> bool {
        token.is_behind_dot
            || (self.bytes.get(token.end) == Some(&b'.') && self.has_name_at(token.end + 1))
    }

    /// White space, if it comes next.
    #[inline]
    pub(super) fn space(&mut self) -> Option<(usize, usize)> {
        let start = self.at;
        let mut end = start;
        while self
            .bytes
            .get(end)
            .is_some_and(|byte| byte::is_space(*byte))
        {
            end += 1;
        }
        if end == start {
            return None;
        }
        self.previous = Kind::Space;
        self.at = end;
        Some((start, end))
    }

    /// The next token, which has at least one byte.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let (kind, end) = match byte::class(first) {
            Class::Letter => self.word(start),
            Class::Comma => (Kind::Comma, start + 1),
            Class::Dot => self.dot(start),
            Class::Open => (Kind::Open, start + 1),
            Class::Close => (Kind::Close, start + 1),
            Class::Digit => (Kind::Literal, extent::number(self.text, start)),
            Class::Quote => self.single_quoted(start, Kind::Text),
            Class::Question => self.question(start),
            Class::Other => (Kind::Other, start + 1),
            _ => self.rare(start, first),
        };
        let kind = self.checked(kind, start, end);
        let end = if kind == Kind::Rest {
            self.bytes.len()
        } else {
            end
        };
        self.is_behind_escape_string &= matches!(kind, Kind::Literal | Kind::Comment);
        let is_behind_dot = self.previous == Kind::Dot;
        self.previous = kind;
        self.at = end;
        Some(Token {
            kind,
            start,
            end,
            is_behind_dot,
        })
    }

    fn rare(&mut self, start: usize, first: u8) -> (Kind, usize) {
        match byte::class(first) {
            Class::DoubleQuote => self.double_quoted(start),
            Class::Backtick if self.dialect.has_backticks() => self.backticks(start),
            Class::Bracket => self.bracket(start),
            Class::CloseBracket => self.close_bracket(start),
            Class::Semicolon => (Kind::Semicolon, start + 1),
            Class::Minus | Class::Plus => self.sign(start),
            Class::Slash => self.comment_or_other(start),
            Class::Hash if self.dialect == SqlDialect::SqlServer => self.word(start),
            Class::Hash => self.comment_or_other(start),
            Class::Dollar => self.dollar(start),
            Class::At | Class::Colon => self.variable(start),
            Class::Percent => self.percent(start),
            Class::NotAscii if byte::letter_at(self.text, start).is_some() => self.word(start),
            Class::NotAscii => (Kind::Other, start + byte::width_at(self.text, start)),
            _ => (Kind::Other, start + 1),
        }
    }
}

/// One function for each class of bytes. It returns the kind and the end of the token that begins
/// with one.
impl Lexer<'_> {
    fn word_end(&self, from: usize) -> usize {
        if self.dialect == SqlDialect::SqlServer {
            byte::word_end(self.text, from, |byte| matches!(byte, b'#' | b'@'))
        } else {
            byte::word_end(self.text, from, |_| false)
        }
    }

    /// A sign belongs to the number behind it, unless an operand is before it.
    fn sign(&self, start: usize) -> (Kind, usize) {
        if let Some(comment) = comment::at(self.bytes, start, self.dialect) {
            return self.comment(comment);
        }
        let is_number = match self.bytes.get(start + 1..) {
            Some([b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..]) => true,
            Some([b'$', b'0'..=b'9', ..]) => self.dialect == SqlDialect::SqlServer,
            _ => false,
        };
        if is_number && !self.is_behind_operand() {
            return (Kind::Literal, extent::number(self.text, start + 1));
        }
        (Kind::Other, start + 1)
    }

    fn dot(&self, start: usize) -> (Kind, usize) {
        let is_digit = self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit);
        if is_digit && !self.is_behind_operand() {
            return (Kind::Literal, extent::number(self.text, start));
        }
        (Kind::Dot, start + 1)
    }

    /// True if a name, a placeholder or a closing bracket is right before.
    fn is_behind_operand(&self) -> bool {
        matches!(
            self.previous,
            Kind::Word
                | Kind::Qualified
                | Kind::Name
                | Kind::Ambiguous
                | Kind::Placeholder
                | Kind::Close
                | Kind::CloseBracket
        )
    }

    fn comment_or_other(&self, start: usize) -> (Kind, usize) {
        let comment = comment::at(self.bytes, start, self.dialect);
        comment.map_or((Kind::Other, start + 1), |comment| self.comment(comment))
    }

    /// A comment, with any further ones right behind it.
    fn comment(&self, first: Comment) -> (Kind, usize) {
        let Comment::Until(mut end) = first else {
            return (Kind::Rest, 0);
        };
        while let Some(Comment::Until(next)) = comment::at(self.bytes, end, self.dialect) {
            end = next;
        }
        (Kind::Comment, end)
    }

    fn question(&self, start: usize) -> (Kind, usize) {
        let numbered = self.dialect.has_numbered_placeholders();
        let end = numbered.then(|| extent::placeholder(self.text, start + 1));
        (Kind::Placeholder, end.flatten().unwrap_or(start + 1))
    }

    /// `:name`, `@name`, `@@name`, `$name`.
    fn variable(&self, start: usize) -> (Kind, usize) {
        let sign = self.bytes.get(start);
        let is_doubled = sign == Some(&b'@') && self.bytes.get(start + 1) == sign;
        let name = start + 1 + usize::from(is_doubled);
        if !matches!(self.bytes.get(name), None | Some(b'0'..=b'9' | b'$')) {
            let end = self.word_end(name);
            // `[1:E'x']` contains a prefixed string, not a variable.
            if end > name && !self.is_prefix(name, end) {
                return (Kind::Placeholder, end);
            }
        }
        (Kind::Other, start + 1)
    }

    /// `%s`. `%(name)s` needs no rule.
    fn percent(&self, start: usize) -> (Kind, usize) {
        match self.bytes.get(start + 1) {
            Some(b's') if self.word_end(start + 1) == start + 2 => (Kind::Placeholder, start + 2),
            _ => (Kind::Other, start + 1),
        }
    }

    /// A token that begins in a bracket and contains `]` is unsure. In `[it's]` the brackets are
    /// those of a name, and the quote does not begin a string.
    fn checked(&self, kind: Kind, start: usize, end: usize) -> Kind {
        let is_unsure = self.is_in_bracket
            && matches!(
                kind,
                Kind::Text | Kind::Literal | Kind::Ambiguous | Kind::Name | Kind::Comment
            )
            && self.slice(start, end).contains(&b']');
        if is_unsure { Kind::Rest } else { kind }
    }
}
