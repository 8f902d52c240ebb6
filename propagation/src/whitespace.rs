//! Optional whitespace as HTTP has it: space and horizontal tab, nothing else.
//!
//! `str::trim` would also take line breaks and Unicode spaces, which are errors in these headers.

/// Removes optional whitespace from both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_optional)
}

fn is_optional(character: char) -> bool {
    matches!(character, ' ' | '\t')
}
