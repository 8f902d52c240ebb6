//! A text that is sixteen times as long takes some sixteen times as long to read.

use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;

use super::super::SqlDialect::*;
use super::super::*;

#[test]
fn linear_whatever_is_repeated() {
    for piece in PIECES {
        for dialect in [Unknown, PostgreSql, MySql, Sqlite, SqlServer] {
            let options = ReadingOptions {
                dialect,
                ..ReadingOptions::default()
            };
            let short = piece.repeat(SHORT / piece.len());
            let long = short.repeat(16);
            // What disturbs one attempt hardly disturbs all; a square would be 256 each time.
            let is_linear = (0..10).any(|_| time(&long, &options) < time(&short, &options) * 64);
            assert!(is_linear, "{dialect:?}: {piece}");
        }
    }
}

fn time(text: &str, options: &ReadingOptions) -> Duration {
    let begun = Instant::now();
    black_box(read(black_box(text), options));
    begun.elapsed()
}

const SHORT: usize = 4096;

/// What might be read again and again.
const PIECES: [&str; 46] = [
    "'",
    "\"",
    "`",
    "[",
    "]",
    "$",
    "$a",
    "$a ",
    "$a$",
    "$a$ $b$ ",
    "\\",
    "\\'",
    "'\\",
    "--",
    "-- ",
    "#",
    "# \n",
    "/*",
    "/**/",
    "/*!",
    "*/",
    "(",
    ")",
    "((SELECT a FROM ",
    "a.\"",
    "\"a\".",
    "a.[",
    "a.`$",
    "E'a' ",
    "a.e'",
    "?",
    "?1",
    "1",
    "1e+",
    ".",
    "a.",
    "@",
    ":",
    ":a'",
    "%s",
    "ä",
    "\u{a0}",
    "IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18) ",
    "WITH a AS (",
    ", b AS (",
    "; ",
];
