//! A text that is sixteen times as long takes about sixteen times as long to read.

use std::hint::black_box;

use rustix::time::ClockId;
use rustix::time::clock_gettime;

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
            // Caches disturb single attempts. Quadratic time would be a factor of 256 each time.
            let is_linear = (0..10).any(|_| time(&long, &options) < time(&short, &options) * 64);
            assert!(is_linear, "{dialect:?}: {piece}");
        }
    }
}

/// Nanoseconds of processor time, which exclude the machine's other work.
fn time(text: &str, options: &ReadingOptions) -> i64 {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    };
    let begun = now();
    black_box(read(black_box(text), options));
    now() - begun
}

const SHORT: usize = 4096;

/// Pieces that might be read again and again.
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
