//! What a statement of SQL says about itself without its values: one pass makes both the text that
//! may be shown, `db.query.text`, and the summary of a few words, `db.query.summary`.
//!
//! A [lexer](lexer::Lexer) finds where each token ends by the rules of one dialect; the
//! [text](sanitised::Sanitised) keeps or hides the token, and the [summary](summary::Summary) looks
//! at it for operations and their targets. No byte is looked at more than a few times, so the time is
//! linear.
//!
//! **What is unsure is hidden.** A text that is not what its dialect allows (a quote without an end)
//! or that dialects read in different ways, while the dialect is unknown (a backslash before a
//! quote, `#` before one), is hidden from there to its end: to go on in the wrong place would show
//! literals and hide what is between them.
//!
//! The settings of a server are not seen. Where they change what is a string, its texts are to be
//! read as those of an unknown dialect: `NO_BACKSLASH_ESCAPES` (MySQL), `standard_conforming_strings
//! = off` (PostgreSQL), `QUOTED_IDENTIFIER OFF` (SQL Server).

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

/// What [`read`] has found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `db.query.text`: at most 2048 bytes, with `…` at the end if it was longer.
    pub(crate) text: String,
    /// `db.query.summary`: at most 255 bytes, of whole names only. Empty if the text
    /// has no word to begin with.
    pub(crate) summary: String,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadingOptions {
    pub(crate) dialect: SqlDialect,
    /// Whether literals and comments are taken out of the text. Without, it is only cut.
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

/// Reads a statement, or several.
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

/// Hands a token to both.
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
