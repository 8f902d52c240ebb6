//! Formats durations and names, for the terminal and the page.

use std::borrow::Cow;
use std::time::Duration;

pub(crate) fn duration_text(duration: Duration) -> String {
    match duration.as_micros() {
        0..1_000 => format!("{} µs", duration.as_micros()),
        1_000..99_950 => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
        99_950..999_500 => format!("{:.0} ms", duration.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", duration.as_secs_f64()),
    }
}

/// Removes control characters: a sender could otherwise move the cursor, or worse.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |letter: char| letter.is_control() || BIDIRECTIONAL.contains(&letter);
    match text.contains(is_harmful) {
        true => text
            .replace(char::is_whitespace, " ")
            .replace(is_harmful, "�")
            .into(),
        false => text.into(),
    }
}

/// They change the displayed order of a line.
const BIDIRECTIONAL: [char; 9] = [
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}',
];

pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_about_three_digits() {
        let table = [
            (0, "0 µs"),
            (870, "870 µs"),
            (1_240, "1.2 ms"),
            (99_940, "99.9 ms"),
            (99_960, "100 ms"),
            (412_300, "412 ms"),
            (999_600, "1.00 s"),
            (61_500_000, "61.50 s"),
        ];
        for (micros, text) in table {
            assert_eq!(duration_text(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn terminal_is_not_told_what_to_do() {
        let table = [
            ("POST /orders", "POST /orders"),
            ("a\u{1b}[2Jb", "a�[2Jb"),
            ("two\nlines\tof", "two lines of"),
            ("\u{202e}txt.exe", "�txt.exe"),
            ("\u{9b}31m", "�31m"),
        ];
        for (text, shown) in table {
            assert_eq!(printable(text), shown);
        }
    }
}
