//! Escapes text from outside, so that it cannot break out of its place in a line.

use std::fmt::{self, Write};

/// Writes text without control characters of the terminal.
pub(super) struct Plain<'a>(pub(super) &'a mut dyn Write);

impl Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(index) = rest.find(|it: char| it.is_control() && it != '\n' && it != '\t') {
            let (before, after) = rest.split_at(index);
            self.0.write_str(before)?;
            let mut after = after.chars();
            for escaped in after.next().into_iter().flat_map(char::escape_default) {
                self.0.write_char(escaped)?;
            }
            rest = after.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Writes text as the inside of a JSON string.
pub(super) struct Json<'a>(pub(super) &'a mut dyn Write);

impl Write for Json<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(index) = rest.bytes().position(is_special) {
            // The special bytes are whole characters.
            let (before, after) = rest.split_at(index);
            self.0.write_str(before)?;
            let mut after = after.chars();
            match after.next() {
                Some('"') => self.0.write_str("\\\"")?,
                Some('\\') => self.0.write_str("\\\\")?,
                Some('\n') => self.0.write_str("\\n")?,
                Some('\r') => self.0.write_str("\\r")?,
                Some('\t') => self.0.write_str("\\t")?,
                Some(other) => write!(self.0, "\\u{:04x}", u32::from(other))?,
                None => {}
            }
            rest = after.as_str();
        }
        self.0.write_str(rest)
    }
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_steered() {
        let mut out = String::new();
        Plain(&mut out)
            .write_str("a\u{1b}[31mb\u{9b}c\nd\te\r")
            .unwrap();
        assert_eq!(out, "a\\u{1b}[31mb\\u{9b}c\nd\te\\r");
    }

    #[test]
    fn strings_of_json_end_where_they_should() {
        let mut out = String::new();
        Json(&mut out).write_str("a\"b\\c\nd\u{1b}ü\u{7f}").unwrap();
        assert_eq!(out, r#"a\"b\\c\nd\u001bü\u007f"#);
    }
}
