//! Describes an SQL statement without its values. One pass makes both the text without literals,
//! `db.query.text`, and the summary of a few words, `db.query.summary`.
//!
//! A [lexer](lexer::Lexer) finds the end of each token by the rules of one dialect. The
//! [text](sanitised::Sanitised) keeps or hides the token, and the [summary](summary::Summary)
//! checks it for operations and their targets. No byte is read more than a few times, so the time
//! is linear.
//!
//! **What is unsure is hidden.** A text may break the rules of its dialect (a quote without an
//! end). Or the dialect is unknown, and dialects read the text differently (a backslash before a
//! quote, `#` before one). The text is then hidden from there to its end, because reading on at the
//! wrong place would show literals and hide the text between them.
//!
//! The settings of a server are not known. If they change what a string is, read its texts as an
//! unknown dialect: `NO_BACKSLASH_ESCAPES` (MySQL), `standard_conforming_strings = off`
//! (PostgreSQL), `QUOTED_IDENTIFIER OFF` (SQL Server).

mod byte;
mod comment;
mod dialect;
mod expected;
mod extent;
mod frame;
mod keyword;
mod lexer;
mod sanitised;
mod summary;
mod token;
mod written;

pub use self::dialect::SqlDialect;

use self::keyword::Keyword;
use self::lexer::Lexer;
use self::sanitised::Sanitised;
use self::summary::Summary;
use self::token::Kind;
use self::token::Token;

/// The result of [`read`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `db.query.text`: at most 2048 bytes, with `…` at the end if it was longer.
    pub(crate) text: String,
    /// `db.query.summary`: at most 255 bytes, of whole names only. Empty if the text does not begin
    /// with a word.
    pub(crate) summary: String,
}

/// The options for reading a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadingOptions {
    pub(crate) dialect: SqlDialect,
    /// True if literals and comments are removed from the text. Otherwise it is only cut to length.
    pub(crate) sanitise: bool,
    /// `IN (1, 2, 3)` with more items than this becomes `IN (?)`.
    pub(crate) collapse_above: usize,
}

impl Default for ReadingOptions {
    fn default() -> Self {
        Self {
            dialect: SqlDialect::Unknown,
            sanitise: true,
            collapse_above: 16,
        }
    }
}

/// Reads one statement or several.
pub(crate) fn read(text: &str, options: &ReadingOptions) -> Reading {
    let mut lexer = Lexer::new(text, options.dialect);
    let mut sanitised = if options.sanitise {
        Sanitised::new(text, options.collapse_above)
    } else {
        Sanitised::unchanged(text)
    };
    let mut summary = Summary::new(text);
    loop {
        if let Some((start, end)) = lexer.space() {
            sanitised.space(start, end);
        }
        let Some(token) = lexer.next() else {
            break;
        };
        take(&token, &lexer, &mut sanitised, &mut summary);
        if sanitised.is_full() && summary.is_full() {
            break;
        }
    }
    Reading {
        text: sanitised.finish(),
        summary: summary.finish(),
    }
}

/// Passes a token to the text and the summary.
#[inline(always)]
fn take(
    token: &Token,
    lexer: &Lexer<'_>,
    sanitised: &mut Sanitised<'_>,
    summary: &mut Summary<'_>,
) {
    let &Token {
        kind, start, end, ..
    } = token;
    match kind {
        Kind::Space => {}
        Kind::Comment => sanitised.leave_out(end),
        Kind::Word => {
            let word = if lexer.is_part_of_name(token) {
                Keyword::Name
            } else {
                Keyword::of(lexer.slice(start, end))
            };
            match word {
                Keyword::Boolean => {
                    sanitised.hide();
                    summary.operand(None);
                }
                Keyword::In => {
                    sanitised.keep_in(start, end);
                    summary.word(start, end, word);
                }
                Keyword::Null => {
                    sanitised.item(start, end);
                    summary.word(start, end, word);
                }
                _ => {
                    sanitised.keep(start, end);
                    summary.word(start, end, word);
                }
            }
        }
        Kind::Qualified => {
            sanitised.keep(start, end);
            summary.word(start, end, Keyword::Name);
        }
        Kind::Name => {
            sanitised.keep(start, end);
            summary.name(start, end);
        }
        Kind::Ambiguous if lexer.is_part_of_name(token) => {
            sanitised.keep(start, end);
            summary.name(start, end);
        }
        Kind::Ambiguous if summary.expects_name() => {
            sanitised.keep(start, end);
            summary.operand(Some((start, end)));
        }
        Kind::Ambiguous | Kind::Literal => {
            sanitised.hide();
            summary.operand(None);
        }
        Kind::Text => {
            sanitised.hide();
            summary.operand(Some((start, end)));
        }
        Kind::Placeholder => {
            sanitised.item(start, end);
            summary.operand(None);
        }
        Kind::Open => {
            sanitised.open(start, end);
            summary.open();
        }
        Kind::Close => {
            sanitised.close(start, end);
            summary.close();
        }
        Kind::Comma => {
            sanitised.comma(start, end);
            summary.comma();
        }
        Kind::Dot => {
            sanitised.keep(start, end);
            summary.dot(start);
        }
        Kind::Semicolon => {
            sanitised.keep(start, end);
            summary.semicolon();
        }
        Kind::CloseBracket | Kind::Other => {
            sanitised.keep(start, end);
            summary.other();
        }
        Kind::Rest => {
            sanitised.hide_rest();
            summary.stop();
        }
    }
}

#[cfg(test)]
mod tests;
