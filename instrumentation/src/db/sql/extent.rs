//! The extent of tokens that contain a value: strings, quoted names, numbers.
//!
//! `None` means that there is no end, or no reliable one. The rest is then one literal.

use super::byte;
use super::dialect::Backslash;

/// The end of the string or name whose content begins at `from`: behind the next quote that is not
/// doubled.
pub(super) fn quoted(bytes: &[u8], from: usize, quote: u8, backslash: Backslash) -> Option<usize> {
    let mut at = from;
    loop {
        let found = find(bytes, at, quote)?;
        if backslash != Backslash::Plain && is_escaped(bytes, from, found) {
            if backslash == Backslash::Unsure {
                return None;
            }
            at = found + 1;
        } else if bytes.get(found + 1) == Some(&quote) {
            at = found + 2;
        } else {
            return Some(found + 1);
        }
    }
}

/// True if the number of backslashes in front of `at` is odd.
fn is_escaped(bytes: &[u8], from: usize, at: usize) -> bool {
    let before = bytes.get(from..at).unwrap_or_default();
    let others = |byte: &u8| *byte != b'\\';
    let count = before.iter().rev().position(others);
    count.unwrap_or(before.len()) % 2 == 1
}

/// The end of `$tag$…$tag$`, if a tag begins at `start`. The inner `None` means that it does not
/// end.
pub(super) fn dollar_quoted(bytes: &[u8], start: usize) -> Option<Option<usize>> {
    let name = bytes.get(start + 1..)?;
    if name.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let is_in_tag = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let length = name.iter().position(|byte| !is_in_tag(byte))?;
    let (name, rest) = name.split_at_checked(length)?;
    if rest.first() != Some(&b'$') {
        return None;
    }
    // The name contains no `$`, so bytes of a failed comparison are never compared again.
    let mut at = start + 2 + length;
    while let Some(found) = find(bytes, at, b'$') {
        let behind = found + 1 + length;
        if bytes.get(found + 1..behind) == Some(name) && bytes.get(behind) == Some(&b'$') {
            return Some(Some(behind + 1));
        }
        at = found + 1;
    }
    Some(None)
}

/// The end of a number. Letters belong to it, whatever they mean: `0xFF`, `1e-5`, `1_000`, `12L`.
pub(super) fn number(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let is_hexadecimal = matches!(bytes.get(start..start + 2), Some([b'0', b'x' | b'X']));
    let mut end = byte::word_end(text, start, |byte| byte == b'.');
    while !is_hexadecimal
        && let Some([b'e' | b'E', b'+' | b'-', b'0'..=b'9']) = bytes.get(end - 1..end + 2)
    {
        end = byte::word_end(text, end + 1, |byte| byte == b'.');
    }
    end
}

/// The end of the digits behind a `?` or `$`, if they are the number of a placeholder. Too many
/// digits are a value, and so are digits with something behind them.
pub(super) fn placeholder(text: &str, digits: usize) -> Option<usize> {
    let end = number(text, digits);
    let number = text.as_bytes().get(digits..end)?;
    let is_index =
        (1..=MAX_DIGITS).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    is_index.then_some(end)
}

/// The position of the first byte `wanted` at or behind `from`.
pub(super) fn find(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter()
        .position(|byte| *byte == wanted)
        .map(|at| from + at)
}

/// PostgreSQL has at most 65535 parameters; the others have fewer.
const MAX_DIGITS: usize = 5;
