//! Percent escapes in lists of variables.

use percent_encoding::percent_decode_str;

/// The text with its escapes decoded. `None` if an escape is malformed or the result is not UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut escapes = text.split('%').skip(1);
    let are_hexadecimal = escapes.all(|escape| {
        let digits = escape.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    are_hexadecimal.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_two_digits_each() {
        for (text, expected) in [
            ("", Some("")),
            ("a b", Some("a b")),
            ("a%2Cb%20c", Some("a,b c")),
            ("%c3%BC", Some("ü")),
            ("100%25", Some("100%")),
            ("100%", None),
            ("%zz", None),
            ("%2", None),
            ("%%20", None),
            ("%ff", None),
            ("%é", None),
        ] {
            assert_eq!(decoded(text).as_deref(), expected, "{text:?}");
        }
    }
}
