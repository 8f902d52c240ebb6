//! Optional whitespace as HTTP defines it: space and horizontal tab, nothing else.
//!
//! `str::trim` would also take line breaks and Unicode spaces, which are errors in these headers.

/// Removes optional whitespace from both ends.
pub(crate) fn trim(text: &str) -> &str {
    let text = trim_start(text);
    let end = text.bytes().rposition(|byte| !is_optional(byte));
    end.and_then(|end| text.get(..=end)).unwrap_or_default()
}

/// Removes optional whitespace from the beginning.
pub(crate) fn trim_start(text: &str) -> &str {
    let start = text.bytes().position(|byte| !is_optional(byte));
    start
        .and_then(|start| text.get(start..))
        .unwrap_or_default()
}

fn is_optional(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
