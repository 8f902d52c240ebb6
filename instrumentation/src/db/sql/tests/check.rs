//! Properties of any text, for the tests and the fuzz target.

use super::sql::Reading;
use super::sql::ReadingOptions;
use super::sql::SqlDialect;
use super::sql::read;

/// The first byte selects how the others are read.
pub fn sql(bytes: &[u8]) {
    let Some((options, text)) = bytes.split_first() else {
        return;
    };
    let options = ReadingOptions {
        dialect: match options % 5 {
            0 => SqlDialect::Unknown,
            1 => SqlDialect::PostgreSql,
            2 => SqlDialect::MySql,
            3 => SqlDialect::Sqlite,
            _ => SqlDialect::SqlServer,
        },
        sanitise: options / 5 % 5 != 0,
        collapse_above: usize::from(options / 25),
    };
    holds_for_any(&String::from_utf8_lossy(text), &options);
}

/// Text and summary are bounded. Reading the text again gives the same text. The summary does not
/// depend on whether values are bound.
pub fn holds_for_any(text: &str, options: &ReadingOptions) {
    let reading = read(text, options);
    assert!(reading.text.len() <= 2048 && reading.text.len() <= text.len());
    assert!(reading.summary.len() <= 255);

    let again = read(&reading.text, options);
    assert_eq!(again.text, reading.text, "{options:?}: {text:?}");

    let other = ReadingOptions {
        sanitise: !options.sanitise,
        ..*options
    };
    let Reading { summary, .. } = read(text, &other);
    assert_eq!(summary, reading.summary, "{options:?}: {text:?}");
}
