//! The tokens that a byte may begin or belong to. A look-up costs a fraction of the comparisons.

/// The kinds of token that can begin with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Space,
    Letter,
    Digit,
    NotAscii,
    Quote,
    DoubleQuote,
    Backtick,
    Bracket,
    CloseBracket,
    Dollar,
    At,
    Colon,
    Question,
    Percent,
    Minus,
    Plus,
    Slash,
    Hash,
    Dot,
    Open,
    Close,
    Comma,
    Semicolon,
    Other,
}

pub(super) fn class(byte: u8) -> Class {
    CLASSES
        .get(usize::from(byte))
        .copied()
        .unwrap_or(Class::Other)
}

/// True if a word continues with this byte in every dialect. Bytes that are not ASCII have to be
/// decoded.
pub(super) fn is_in_word(byte: u8) -> bool {
    matches!(class(byte), Class::Letter | Class::Digit | Class::Dollar)
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The end of a word that begins or continues at `from`.
#[inline]
pub(super) fn word_end(text: &str, from: usize, is_also_in: impl Fn(u8) -> bool) -> usize {
    let mut end = from;
    while let Some(&byte) = text.as_bytes().get(end) {
        if is_in_word(byte) || is_also_in(byte) {
            end += 1;
        } else if byte.is_ascii() {
            break;
        } else if let Some(letter) = letter_at(text, end) {
            end += letter;
        } else {
            break;
        }
    }
    end
}

/// The length in bytes of the letter at this place, if there is one. Symbols and spaces are not
/// letters: a digit behind `£` or a no-break space begins a number.
pub(super) fn letter_at(text: &str, at: usize) -> Option<usize> {
    let found = text.get(at..)?.chars().next()?;
    found.is_alphanumeric().then(|| found.len_utf8())
}

/// The length in bytes of the character at this place.
pub(super) fn width_at(text: &str, at: usize) -> usize {
    let found = text.get(at..).and_then(|rest| rest.chars().next());
    found.map_or(1, char::len_utf8)
}

#[allow(
    clippy::indexing_slicing,
    reason = "while compiling, where the index is seen to fit"
)]
static CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'\t'..=b'\r' | b' ' => Class::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            128.. => Class::NotAscii,
            b'\'' => Class::Quote,
            b'"' => Class::DoubleQuote,
            b'`' => Class::Backtick,
            b'[' => Class::Bracket,
            b']' => Class::CloseBracket,
            b'$' => Class::Dollar,
            b'@' => Class::At,
            b':' => Class::Colon,
            b'?' => Class::Question,
            b'%' => Class::Percent,
            b'-' => Class::Minus,
            b'+' => Class::Plus,
            b'/' => Class::Slash,
            b'#' => Class::Hash,
            b'.' => Class::Dot,
            b'(' => Class::Open,
            b')' => Class::Close,
            b',' => Class::Comma,
            b';' => Class::Semicolon,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};
