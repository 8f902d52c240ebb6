//! Properties of any text.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::SqlDialect::*;
use super::super::*;
use super::check::holds_for_any;

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>(), options in options()) {
        holds_for_any(&text, &options);
    }

    #[test]
    fn any_mixture_of_pieces_is_read(
        pieces in vec(select(PIECES), 0..40),
        options in options(),
    ) {
        holds_for_any(&pieces.concat(), &options);
    }

    #[test]
    fn any_long_text_is_read(
        pieces in vec(select(PIECES), 1..20),
        times in 1..300_usize,
        options in options(),
    ) {
        holds_for_any(&pieces.concat().repeat(times), &options);
    }

    #[test]
    fn nothing_of_a_literal_survives(
        (dialect, text) in statement(),
        end in 0..1000_usize,
        collapse_above in 0..20_usize,
    ) {
        let end = (0..=end.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        for text in [&*text, &text[..end.unwrap()]] {
            for dialect in [dialect, Unknown] {
                let options = ReadingOptions { dialect, sanitise: true, collapse_above };
                let reading = read(text, &options);
                prop_assert!(!reading.text.contains(SECRET), "{dialect:?}: {}", reading.text);
                prop_assert!(!reading.summary.contains(SECRET), "{dialect:?}: {}", reading.summary);
            }
        }
    }
}

fn options() -> impl Strategy<Value = ReadingOptions> {
    let dialects = select(&[Unknown, PostgreSql, MySql, Sqlite, SqlServer][..]);
    (dialects, any::<bool>(), 0..20_usize).prop_map(|(dialect, sanitise, collapse_above)| {
        ReadingOptions {
            dialect,
            sanitise,
            collapse_above,
        }
    })
}

/// A text that is valid in a dialect as far as literals, names and comments go. The content of
/// literals consists of characters that occur nowhere else.
fn statement() -> impl Strategy<Value = (SqlDialect, String)> {
    select(&[PostgreSql, MySql, Sqlite, SqlServer][..]).prop_flat_map(|dialect| {
        let pieces = prop_oneof![
            3 => select(noise(dialect)).prop_map(str::to_owned),
            2 => (select(BEFORE_LISTS), vec(literal(dialect), 1..25)).prop_map(
                |(before, literals)| format!("{before}({})", literals.join(", "))
            ),
            2 => (select(BEFORE_LITERALS), literal(dialect))
                .prop_map(|(before, literal)| format!("{before}{literal}")),
        ];
        let separator = select(
            &[
                " ",
                "\n",
                "\r\n",
                "\t",
                " /* it's */ ",
                " -- \"it's\n",
                " -- `$$\n",
            ][..],
        );
        vec((pieces, separator), 0..20).prop_map(move |pieces| {
            let pieces = pieces
                .into_iter()
                .map(|(piece, separator)| piece + separator);
            (dialect, pieces.collect())
        })
    })
}

fn literal(dialect: SqlDialect) -> BoxedStrategy<String> {
    let quoted = move |prefixes: &'static [&'static str], quote: char, escapes: bool| {
        (select(prefixes), CONTENT, any::<bool>()).prop_map(move |(prefix, content, doubles)| {
            let mut text = format!("{prefix}{quote}");
            for letter in content.chars() {
                if escapes && (letter == '\\' || (letter == quote && !doubles)) {
                    text.push('\\');
                } else if letter == quote {
                    text.push(quote);
                }
                text.push(letter);
            }
            text.push(quote);
            text
        })
    };
    let number = select(NUMBERS).prop_map(str::to_owned);
    let plain: &[&str] = &["", "N", "x", "DATE ", "b", "_utf8"];
    match dialect {
        PostgreSql => prop_oneof![
            quoted(plain, '\'', false),
            quoted(&["E", "e"], '\'', true),
            quoted(&["U&"], '\'', false).prop_map(|text| text.replace('\\', "")),
            (
                select(&["", "a", "tag_1", "ä"][..]),
                "[zqZQ7 '\"\\\\/*;(),:?#`-]{0,12}"
            )
                .prop_map(|(tag, content)| format!("${tag}${content}${tag}$")),
            (CONTENT, CONTENT).prop_map(|(one, other)| {
                let escape = |text: String| text.replace('\\', "\\\\").replace('\'', "\\'");
                format!("E'{}'\n '{}'", escape(one), escape(other))
            }),
            number,
        ]
        .boxed(),
        MySql => prop_oneof![quoted(plain, '\'', true), quoted(&[""], '"', true), number].boxed(),
        SqlServer => prop_oneof![
            quoted(plain, '\'', false),
            number,
            select(&["£7", "-€7.7"][..]).prop_map(str::to_owned),
        ]
        .boxed(),
        _ => prop_oneof![quoted(plain, '\'', false), number].boxed(),
    }
}

fn noise(dialect: SqlDialect) -> Vec<&'static str> {
    let own: &[&str] = match dialect {
        PostgreSql => &[
            "\"it's\"",
            "\"a\"\"b'c\"",
            "a::text",
            "$1",
            "b #>> c",
            "d[1:2]",
            "/* /* it's */ ' */",
            "a$b$c",
            "?|",
            "-- it's\r",
        ],
        MySql => &[
            "`it's`",
            "`a``b'c`",
            "# it's\n",
            "@a := 1",
            "5--3",
            "/*! STRAIGHT_JOIN */",
        ],
        Sqlite => &[
            "[it's]", "\"it's\"", "`it's`", "?1", "$name", "[a`b]", "[$$]",
        ],
        _ => &[
            "[it's]",
            "[a]]b'c]",
            "\"it's\"",
            "#temp",
            "@@version",
            "/* /* it's */ ' */",
        ],
    };
    PIECES_OF_ALL.iter().chain(own).copied().collect()
}

/// Behind these, no quoted word is a name.
const BEFORE_LITERALS: &[&str] = &[
    "= ",
    "<> ",
    "|| ",
    "a IN ",
    "b > - ",
    "= ANY ",
    "IS DISTINCT FROM ",
];

const BEFORE_LISTS: &[&str] = &[
    "= ", "= f", "a IN ", "NOT IN", "= ANY ", "VALUES ", "b > - ", "ON f ",
];

const SECRET: [char; 5] = ['z', 'q', 'Z', 'Q', '7'];

const CONTENT: &str = "[zqZQ7 '\"\\\\/*;(),:?#`$\\[\\]\n-]{0,12}";

const NUMBERS: &[&str] = &[
    "7", "-7", "+7", "77.7", ".7", "7.", "7e7", "-7.7E-7", "0x7", "0X7q", "7_7", "7q", "- 7",
    "7+7", "TRUE",
];

const PIECES_OF_ALL: &[&str] = &[
    "SELECT",
    "FROM",
    "t",
    "JOIN",
    "INSERT INTO",
    "UPDATE",
    "SET",
    "DELETE",
    "WITH",
    "AS",
    "UNION",
    "a",
    "b.c",
    ",",
    "(",
    ")",
    ";",
    "*",
    "/",
    "+",
    "=",
    ":name",
    "?",
    "c3po",
    "ä",
    "NULL",
    "EXTRACT(YEAR FROM",
    "IN (",
    "e",
    "TABLE",
    "CREATE",
    "x",
    "n",
    "LIMIT",
    "..",
    "/* it's \" */",
    "-- it's\n",
    "-- $$ [\n",
    "\n",
    "/**/",
];

const PIECES: &[&str] = &[
    "SELECT",
    "FROM",
    "JOIN",
    "INTO",
    "INSERT ",
    "UPDATE ",
    "SET",
    "DELETE ",
    "WITH ",
    " AS ",
    "UNION ",
    "IN",
    "IN(",
    "CREATE ",
    "TABLE ",
    "TRUE",
    "NULL",
    "DISTINCT ",
    "EXEC ",
    "CALL ",
    "EXPLAIN ",
    "DROP ",
    "VALUES",
    "a",
    "b",
    "e",
    "E",
    "n",
    "x",
    "q",
    "N",
    "U&",
    "_utf8",
    "ä",
    "€",
    "\u{a0}",
    "s",
    "TOP ",
    "ONLY ",
    "OR ",
    "'",
    "'",
    "''",
    "\"",
    "\"",
    "`",
    "[",
    "]",
    "$",
    "$$",
    "$a$",
    "$1",
    "?",
    "?1",
    ":",
    ":a",
    "@",
    "@@",
    "%",
    "%s",
    "\\",
    "\\'",
    "1",
    "0x",
    "1e",
    ".",
    ".5",
    "-",
    "--",
    "-- ",
    "+",
    "#",
    "/*",
    "*/",
    "/*!",
    "/",
    "*",
    "(",
    ")",
    "{",
    "}",
    ",",
    ", ",
    ";",
    "=",
    "|",
    "&",
    " ",
    " ",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "…",
    "'a'",
    "\"b\"",
    "`c`",
    "[d]",
    "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?",
];
