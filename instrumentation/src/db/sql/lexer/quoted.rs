//! Tokens that may be in quotes of any kind.

use super::super::dialect::Backslash;
use super::super::dialect::DoubleQuoted;
use super::Kind;
use super::Lexer;
use super::SqlDialect;
use super::comment;
use super::extent;

impl Lexer<'_> {
    pub(super) fn word(&mut self, start: usize) -> (Kind, usize) {
        let end = self.word_end(start);
        match self.bytes.get(end) {
            Some(b'\'') => self.prefixed(start, end),
            Some(b'.') => self.qualified(end),
            _ => (Kind::Word, end),
        }
    }

    /// A word right before a dot, with the words behind the dots.
    fn qualified(&self, mut end: usize) -> (Kind, usize) {
        let mut kind = Kind::Word;
        while let Some([b'.', b'a'..=b'z' | b'A'..=b'Z' | b'_', ..]) = self.bytes.get(end..) {
            let next = self.word_end(end + 1);
            if self.is_prefix(end + 1, next) {
                break;
            }
            kind = Kind::Qualified;
            end = next;
        }
        (kind, end)
    }

    /// A word right before a quote.
    fn prefixed(&mut self, start: usize, end: usize) -> (Kind, usize) {
        if !self.is_prefix(start, end) {
            return (Kind::Word, end);
        }
        match self.slice(start, end) {
            [b'e' | b'E'] => self.is_behind_escape_string = true,
            [b'q' | b'Q'] | [_, b'q' | b'Q'] => return (Kind::Rest, end),
            _ => {}
        }
        self.single_quoted(end, Kind::Literal)
    }

    /// True if a word right before a quote decides the meaning of the quotes.
    pub(super) fn is_prefix(&self, start: usize, end: usize) -> bool {
        if self.bytes.get(end) != Some(&b'\'') {
            return false;
        }
        match self.slice(start, end) {
            [b'e' | b'E'] => self.dialect.has_escape_strings(),
            [b'n' | b'N' | b'x' | b'X' | b'b' | b'B'] => true,
            // Oracle's `q'[it's]'`.
            [b'q' | b'Q'] | [b'n' | b'N', b'q' | b'Q'] => self.dialect == SqlDialect::Unknown,
            _ => false,
        }
    }

    pub(super) fn single_quoted(&mut self, quote: usize, kind: Kind) -> (Kind, usize) {
        let (kind, backslash) = if self.is_behind_escape_string {
            (Kind::Literal, Backslash::Escapes)
        } else {
            (kind, self.dialect.backslash())
        };
        or_rest(
            kind,
            extent::quoted(self.bytes, quote + 1, b'\'', backslash),
        )
    }

    pub(super) fn double_quoted(&self, quote: usize) -> (Kind, usize) {
        let (kind, backslash) = match self.dialect.double_quoted() {
            DoubleQuoted::Name => (Kind::Name, Backslash::Plain),
            DoubleQuoted::Text => (Kind::Text, self.dialect.backslash()),
            DoubleQuoted::Unsure => (Kind::Ambiguous, Backslash::Unsure),
        };
        or_rest(kind, extent::quoted(self.bytes, quote + 1, b'"', backslash))
    }

    pub(super) fn backticks(&self, quote: usize) -> (Kind, usize) {
        let end = extent::quoted(self.bytes, quote + 1, b'`', Backslash::Plain);
        let end = end.filter(|end| {
            let name = self.slice(quote + 1, end - 1);
            // In other dialects it may be an operator between two strings.
            self.dialect != SqlDialect::Unknown || !name.iter().copied().any(comment::is_opening)
        });
        or_rest(Kind::Name, end)
    }

    pub(super) fn bracket(&mut self, start: usize) -> (Kind, usize) {
        if let Some(name) = self.bracketed_name(start) {
            return name;
        }
        self.is_in_bracket = self.dialect == SqlDialect::Unknown;
        (Kind::Other, start + 1)
    }

    /// The name in brackets that begins here, if it is one.
    fn bracketed_name(&self, start: usize) -> Option<(Kind, usize)> {
        let end = match self.dialect {
            SqlDialect::SqlServer => extent::quoted(self.bytes, start + 1, b']', Backslash::Plain),
            SqlDialect::Sqlite => extent::find(self.bytes, start + 1, b']').map(|end| end + 1),
            SqlDialect::Unknown | SqlDialect::PostgreSql | SqlDialect::MySql => return None,
        };
        Some(or_rest(Kind::Name, end))
    }

    /// True if a name that is kept is at this place.
    pub(super) fn has_name_at(&self, start: usize) -> bool {
        let name = match self.bytes.get(start) {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                return !self.is_prefix(start, self.word_end(start));
            }
            Some(b'*' | 128..) => return true,
            Some(b'"') => Some(self.double_quoted(start)),
            Some(b'`') if self.dialect.has_backticks() => Some(self.backticks(start)),
            Some(b'[') => self.bracketed_name(start),
            _ => None,
        };
        name.is_some_and(|(kind, end)| {
            let kind = self.checked(kind, start, end);
            matches!(kind, Kind::Name | Kind::Ambiguous)
        })
    }

    /// Two closing brackets do not end a name in brackets.
    pub(super) fn close_bracket(&mut self, start: usize) -> (Kind, usize) {
        if self.is_in_bracket && self.bytes.get(start + 1) == Some(&b']') {
            return (Kind::CloseBracket, start + 2);
        }
        self.is_in_bracket = false;
        (Kind::CloseBracket, start + 1)
    }

    /// `$1`, `$name`, `$$string$$`, or an amount of money.
    pub(super) fn dollar(&mut self, start: usize) -> (Kind, usize) {
        if self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit) {
            let end = extent::placeholder(self.text, start + 1);
            return match end.filter(|_| self.dialect != SqlDialect::SqlServer) {
                Some(end) => (Kind::Placeholder, end),
                None => (Kind::Literal, extent::number(self.text, start + 1)),
            };
        }
        if self.dialect.has_dollar_quotes()
            && let Some(end) = extent::dollar_quoted(self.bytes, start)
        {
            return or_rest(Kind::Literal, end);
        }
        self.variable(start)
    }
}

fn or_rest(kind: Kind, end: Option<usize>) -> (Kind, usize) {
    end.map_or((Kind::Rest, 0), |end| (kind, end))
}
