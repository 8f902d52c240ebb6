//! The position and the extent of comments.

use super::dialect::SqlDialect;
use super::extent;

/// The comment that begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// It ends here.
    Until(usize),
    /// Dialects disagree about its end, or about whether it is a comment, and this changes the
    /// result.
    Unsure,
}

/// The comment at `start`, if one begins there.
pub(super) fn at(bytes: &[u8], start: usize, dialect: SqlDialect) -> Option<Comment> {
    match bytes.get(start..)? {
        [b'-', b'-', rest @ ..] => dashes(bytes, start, rest.first().copied(), dialect),
        [b'/', b'*', ..] => Some(block(bytes, start, dialect)),
        [b'#', ..] => match dialect {
            SqlDialect::MySql => Some(line(bytes, start, dialect, true)),
            SqlDialect::Unknown => Some(line(bytes, start, dialect, false)),
            SqlDialect::PostgreSql | SqlDialect::Sqlite | SqlDialect::SqlServer => None,
        },
        _ => None,
    }
}

/// MySQL requires white space behind the dashes: `5--3` is 8.
fn dashes(bytes: &[u8], start: usize, next: Option<u8>, dialect: SqlDialect) -> Option<Comment> {
    let is_parted = next.is_none_or(|byte| byte <= b' ' || byte == 0x7f);
    match dialect {
        SqlDialect::MySql if !is_parted => None,
        SqlDialect::Unknown => Some(line(bytes, start, dialect, is_parted)),
        _ => Some(line(bytes, start, dialect, true)),
    }
}

/// A comment to the end of the line; the line break is kept. If it may not be a comment, its text
/// has to be harmless.
fn line(bytes: &[u8], start: usize, dialect: SqlDialect, is_sure: bool) -> Comment {
    let rest = bytes.get(start..).unwrap_or_default();
    let ends = |byte: &u8| *byte == b'\n' || (*byte == b'\r' && dialect == SqlDialect::PostgreSql);
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    let line = rest.get(..length).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Some servers continue the statement behind these bytes.
    let may_end_before = line.iter().any(|byte| matches!(byte, b'\r' | 0));
    if (may_end_before || !is_sure) && opens_something(line) {
        return Comment::Unsure;
    }
    Comment::Until(start + line.len())
}

fn block(bytes: &[u8], start: usize, dialect: SqlDialect) -> Comment {
    let end = match dialect.nests_comments() {
        Some(true) => nested_end(bytes, start),
        Some(false) => flat_end(bytes, start),
        None => {
            let end = flat_end(bytes, start);
            let inner = bytes.get(start + 2..end).unwrap_or_default();
            if inner.windows(2).any(|pair| pair == b"/*") {
                return Comment::Unsure;
            }
            end
        }
    };
    let comment = bytes.get(start..end).unwrap_or_default();
    if is_executed(comment, dialect) && comment.get(2..).is_some_and(opens_something) {
        return Comment::Unsure;
    }
    Comment::Until(end)
}

fn flat_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 2;
    while let Some(star) = extent::find(bytes, at, b'*') {
        if bytes.get(star + 1) == Some(&b'/') {
            return star + 2;
        }
        at = star + 1;
    }
    bytes.len()
}

fn nested_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return at + 2,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    bytes.len()
}

/// `/*! … */`: MySQL executes its content, and does not end it inside a string.
fn is_executed(comment: &[u8], dialect: SqlDialect) -> bool {
    matches!(dialect, SqlDialect::Unknown | SqlDialect::MySql)
        && (comment.starts_with(b"/*!") || comment.starts_with(b"/*M!"))
}

/// True if something in `text` may continue behind it when it is read as a statement.
fn opens_something(text: &[u8]) -> bool {
    text.iter().any(|byte| is_opening(*byte)) || text.windows(2).any(|pair| pair == b"/*")
}

/// True if a string or a quoted name begins with this byte in some dialect.
pub(super) fn is_opening(byte: u8) -> bool {
    matches!(byte, b'\'' | b'"' | b'`' | b'$' | b'[')
}
