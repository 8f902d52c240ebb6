//! Texts, each with its sanitised text and its summary, for each dialect.

use super::super::SqlDialect::*;
use super::super::sanitised::MAX_TEXT;
use super::super::*;

#[test]
fn the_examples_of_the_conventions() {
    check(
        Unknown,
        &[
            ("SELECT 12, -12, +12", "SELECT ?, ?, ?", "SELECT"),
            (
                "INSERT INTO X VALUES(1, 23456, 123.456, 99+100)",
                "INSERT INTO X VALUES(?, ?, ?, ??)",
                "INSERT X",
            ),
            (
                "SELECT { guid '01234567-89ab-cdef-0123-456789abcdef' }",
                "SELECT { guid ? }",
                "SELECT",
            ),
            (
                "SELECT column -- end of line comment\nFROM /* block */ table",
                "SELECT column \nFROM  table",
                "SELECT table",
            ),
            (
                "SELEcT order_date\nFROM ORders",
                "SELEcT order_date\nFROM ORders",
                "SELEcT ORders",
            ),
            (
                "ALTER  TABLE MyTable ADD Name varchar(255)",
                "ALTER  TABLE MyTable ADD Name varchar(?)",
                "ALTER TABLE MyTable",
            ),
            (
                "SELECT *\nFROM   wuser_table\nWHERE  username = ?",
                "SELECT *\nFROM   wuser_table\nWHERE  username = ?",
                "SELECT wuser_table",
            ),
            (
                "INSERT INTO shipping_details (order_id, address) \
                 SELECT order_id, address FROM orders WHERE order_id = ?",
                "INSERT INTO shipping_details (order_id, address) \
                 SELECT order_id, address FROM orders WHERE order_id = ?",
                "INSERT shipping_details SELECT orders",
            ),
            (
                "SELECT * FROM songs, artists WHERE songs.artist_id == artists.id",
                "SELECT * FROM songs, artists WHERE songs.artist_id == artists.id",
                "SELECT songs artists",
            ),
            (
                "SELECT order_date FROM (SELECT * FROM orders o \
                 JOIN customers c ON o.customer_id = c.customer_id)",
                "SELECT order_date FROM (SELECT * FROM orders o \
                 JOIN customers c ON o.customer_id = c.customer_id)",
                "SELECT SELECT orders customers",
            ),
            (
                "SELECT * FROM \"song list\", 'artists'",
                "SELECT * FROM \"song list\", ?",
                "SELECT \"song list\" 'artists'",
            ),
            (
                "{call some_procedure}",
                "{call some_procedure}",
                "call some_procedure",
            ),
            (
                "EXECUTE some_procedure",
                "EXECUTE some_procedure",
                "EXECUTE some_procedure",
            ),
            (
                "SELECT * FROM songs /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00-01'*/",
                "SELECT * FROM songs ",
                "SELECT songs",
            ),
        ],
    );
}

#[test]
fn strings_in_every_dialect() {
    for dialect in DIALECTS {
        check(
            dialect,
            &[
                ("SELECT 'a''b', 'c'", "SELECT ?, ?", "SELECT"),
                ("SELECT '', ''''", "SELECT ?, ?", "SELECT"),
                ("SELECT N'a', X'0f', b'01'", "SELECT ?, ?, ?", "SELECT"),
                ("SELECT 'a'n'b'", "SELECT ??", "SELECT"),
                ("SELECT 'it''s -- no /* comment'", "SELECT ?", "SELECT"),
                (
                    "SELECT DATE '2020-01-01', INTERVAL'1' DAY",
                    "SELECT DATE ?, INTERVAL? DAY",
                    "SELECT",
                ),
                ("SELECT {d '2020-01-01'}", "SELECT {d ?}", "SELECT"),
                (
                    "SELECT 'äöü€', ä FROM größe",
                    "SELECT ?, ä FROM größe",
                    "SELECT größe",
                ),
                (
                    "SELECT a FROM t WHERE b = 'never ends; FROM u",
                    "SELECT a FROM t WHERE b = ?",
                    "SELECT t",
                ),
                (
                    "SELECT a FROM t WHERE b = 'ends''",
                    "SELECT a FROM t WHERE b = ?",
                    "SELECT t",
                ),
            ],
        );
    }
}

#[test]
fn a_backslash_before_a_quote() {
    let text = r"SELECT 'a\', b, 'c', d FROM t";
    for dialect in [PostgreSql, Sqlite, SqlServer] {
        check(dialect, &[(text, "SELECT ?, b, ?, d FROM t", "SELECT t")]);
    }
    check(
        MySql,
        &[
            (text, "SELECT ?c?", "SELECT"),
            (r"SELECT 'a\'b' FROM t", "SELECT ? FROM t", "SELECT t"),
            (
                r"SELECT 'a\\', 'b\\\'c' FROM t",
                "SELECT ?, ? FROM t",
                "SELECT t",
            ),
            (
                r#"SELECT "a\"b", "c""d" FROM t"#,
                "SELECT ?, ? FROM t",
                "SELECT t",
            ),
        ],
    );
    check(
        Unknown,
        &[
            (text, "SELECT ?", "SELECT"),
            (
                r"SELECT 'C:\dir', 'a\\' FROM t",
                "SELECT ?, ? FROM t",
                "SELECT t",
            ),
            (r#"SELECT a."x\"y", 'z' FROM t"#, "SELECT a.?", "SELECT"),
        ],
    );
    for dialect in [PostgreSql, Unknown] {
        check(
            dialect,
            &[
                (
                    r"SELECT E'a\'b', e'c\\', d FROM t",
                    "SELECT ?, ?, d FROM t",
                    "SELECT t",
                ),
                ("SELECT E'a'\n  'b\\'c', d", "SELECT ?\n  ?, d", "SELECT"),
                (r"SELECT a[1:E'b\'c'], d", "SELECT a[?:?], d", "SELECT"),
            ],
        );
    }
    check(
        PostgreSql,
        &[
            (r"SELECT E'a', 'b\', c", "SELECT ?, ?, c", "SELECT"),
            (
                r"SELECT U&'d\0061' UESCAPE '!', c",
                "SELECT U&? UESCAPE ?, c",
                "SELECT",
            ),
        ],
    );
}

#[test]
fn double_quotes() {
    let text = r#"SELECT "a", t."b", "t"."c" FROM "t" JOIN "s"."u" ON "d" = 1"#;
    for dialect in [PostgreSql, Sqlite, SqlServer] {
        check(
            dialect,
            &[(
                text,
                r#"SELECT "a", t."b", "t"."c" FROM "t" JOIN "s"."u" ON "d" = ?"#,
                r#"SELECT "t" "s"."u""#,
            )],
        );
    }
    check(
        Unknown,
        &[
            (
                text,
                r#"SELECT ?, t."b", "t"."c" FROM "t" JOIN "s"."u" ON ? = ?"#,
                r#"SELECT "t" "s"."u""#,
            ),
            (
                r#"UPDATE "t" SET "a" = "b""#,
                r#"UPDATE "t" SET ? = ?"#,
                r#"UPDATE "t""#,
            ),
            (
                r#"WITH "a" AS (SELECT 1) SELECT * FROM "a", "b" WHERE EXTRACT(x FROM "c")"#,
                r#"WITH "a" AS (SELECT ?) SELECT * FROM "a", "b" WHERE EXTRACT(x FROM ?)"#,
                r#"SELECT SELECT "b""#,
            ),
            (
                r#"SELECT a IS DISTINCT FROM "b", TRIM(BOTH "c" FROM "d"), f("e")"#,
                r#"SELECT a IS DISTINCT FROM ?, TRIM(BOTH ? FROM ?), f(?)"#,
                "SELECT",
            ),
            (r#"SELECT "never ends FROM t"#, "SELECT ?", "SELECT"),
        ],
    );
    check(
        MySql,
        &[(
            r#"SELECT "a", `b` FROM "t", `s`.`u` WHERE c = "d""#,
            "SELECT ?, `b` FROM ?, `s`.`u` WHERE c = ?",
            r#"SELECT "t" `s`.`u`"#,
        )],
    );
}

#[test]
fn brackets() {
    for dialect in [Sqlite, SqlServer] {
        check(
            dialect,
            &[
                (
                    "SELECT [it's], 1 FROM [dbo].[my table] WHERE x = 'y'",
                    "SELECT [it's], ? FROM [dbo].[my table] WHERE x = ?",
                    "SELECT [dbo].[my table]",
                ),
                ("SELECT [never ends", "SELECT ?", "SELECT"),
            ],
        );
    }
    check(
        SqlServer,
        &[("SELECT [a]]'b], 'c'", "SELECT [a]]'b], ?", "SELECT")],
    );
    check(Sqlite, &[("SELECT [a]], 'c'", "SELECT [a]], ?", "SELECT")]);
    for dialect in [PostgreSql, MySql, Unknown] {
        check(
            dialect,
            &[(
                "SELECT ARRAY[1,'x'], a[2]-1",
                "SELECT ARRAY[?,?], a[?]-?",
                "SELECT",
            )],
        );
    }
    check(
        Unknown,
        &[
            ("SELECT [it's], 'c' FROM t", "SELECT [it?", "SELECT"),
            ("SELECT [a]]b'c], 'd' FROM t", "SELECT [a]]?", "SELECT"),
            (
                "SELECT a[b[1]], 'c' FROM t",
                "SELECT a[b[?]], ? FROM t",
                "SELECT t",
            ),
            ("SELECT [a--b], 'c\n d' FROM t", "SELECT [a?", "SELECT"),
            ("SELECT [a/*b], 'c*/ d' FROM t", "SELECT [a?", "SELECT"),
        ],
    );
}

#[test]
fn dollars() {
    for dialect in [PostgreSql, Unknown] {
        check(
            dialect,
            &[
                (
                    "SELECT $$it's$$, $a$ $$ $b$ $a$, $1 FROM t",
                    "SELECT ?, ?, $1 FROM t",
                    "SELECT t",
                ),
                (
                    "DO $body$ BEGIN PERFORM 1; END $body$; SELECT 1",
                    "DO ?; SELECT ?",
                    "DO SELECT",
                ),
                ("SELECT $a$ never ends $b$ FROM t", "SELECT ?", "SELECT"),
                (
                    "SELECT a$b$c$b$, $1::int, $12-1",
                    "SELECT a$b$c$b$, $1::int, $12-?",
                    "SELECT",
                ),
            ],
        );
    }
    check(
        SqlServer,
        &[(
            "SELECT $12.50, -$3, £5, €1.5",
            "SELECT ?, ?, £?, €?",
            "SELECT",
        )],
    );
    check(
        Sqlite,
        &[(
            "SELECT $name, ?1, :a, @b",
            "SELECT $name, ?1, :a, @b",
            "SELECT",
        )],
    );
    check(
        Unknown,
        &[(
            "SELECT $12.50, $123456, ?123456",
            "SELECT ?, ?, ??",
            "SELECT",
        )],
    );
}

#[test]
fn numbers() {
    for dialect in DIALECTS {
        check(
            dialect,
            &[
                (
                    "SELECT 1, 1.5, .01, 1., 1e5, 1E-5, 1.5e+10, 0xFF, 0X1e-5, 0b01, 1_000, 12L",
                    "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ??, ?, ?, ?",
                    "SELECT",
                ),
                (
                    "SELECT -1, +.5, - 1, a*-1, (-1)",
                    "SELECT ?, ?, - ?, a*?, (?)",
                    "SELECT",
                ),
                (
                    "SELECT n-1, f(x)-1, ?-1, n - 1",
                    "SELECT n-?, f(x)-?, ?-?, n - ?",
                    "SELECT",
                ),
                (
                    "SELECT c3po, covid19 FROM t2",
                    "SELECT c3po, covid19 FROM t2",
                    "SELECT t2",
                ),
                ("SELECT t.1, x.5e3", "SELECT t.?, x.?", "SELECT"),
                ("LIMIT 10 OFFSET 20", "LIMIT ? OFFSET ?", "LIMIT"),
                (
                    "SELECT TRUE, false, NULL, t.true",
                    "SELECT ?, ?, NULL, t.true",
                    "SELECT",
                ),
            ],
        );
    }
}

#[test]
fn placeholders() {
    let text = "SELECT ?, $1, :name, @p1, %s, %(name)s";
    for dialect in [Unknown, PostgreSql, MySql, Sqlite] {
        check(dialect, &[(text, text, "SELECT")]);
    }
    let text = "SELECT * FROM t WHERE a = :from AND b = @table AND c = :true AND d = @@version";
    for dialect in DIALECTS {
        check(dialect, &[(text, text, "SELECT t")]);
    }
    check(
        PostgreSql,
        &[
            (
                "SELECT a::text, b ?'c', d ?| e, f ?5",
                "SELECT a::text, b ??, d ?| e, f ??",
                "SELECT",
            ),
            (
                "SELECT a #>> '{b,c}', d->>'e', f @> 'g'",
                "SELECT a #>> ?, d->>?, f @> ?",
                "SELECT",
            ),
        ],
    );
}

#[test]
fn comments() {
    for dialect in DIALECTS {
        check(
            dialect,
            &[
                ("SELECT/**/a", "SELECT a", "SELECT"),
                ("SELECT a/* b *//* c */-- d\n, e", "SELECT a\n, e", "SELECT"),
                ("SELECT a/* b *//* c */, e", "SELECT a , e", "SELECT"),
                (
                    "/* x */SELECT a /* 'y */ FROM t",
                    "SELECT a  FROM t",
                    "SELECT t",
                ),
                ("-- it's\r\nSELECT 'a'", "\r\nSELECT ?", "SELECT"),
                ("SELECT a /* never ends 'x'", "SELECT a ", "SELECT"),
                ("SELECT 1 / /**/ * 2", "SELECT ? /  * ?", "SELECT"),
                ("SELECT 1 //**/* 2", "SELECT ? / * ?", "SELECT"),
            ],
        );
    }
    let nested = "SELECT a /* /* 'b */ ' */, 'c'";
    for dialect in [PostgreSql, SqlServer] {
        check(dialect, &[(nested, "SELECT a , ?", "SELECT")]);
    }
    for dialect in [MySql, Sqlite] {
        check(dialect, &[(nested, "SELECT a  ?c?", "SELECT")]);
    }
    check(
        MySql,
        &[
            ("SELECT a # it's\n, 'b'", "SELECT a \n, ?", "SELECT"),
            (
                "SELECT 5--3, a--1, 'b'--'c'",
                "SELECT ?-?, a-?, ?--?",
                "SELECT",
            ),
            ("SELECT a--/* b */ c", "SELECT a--?", "SELECT"),
            ("SELECT a /*! 'b' */, c", "SELECT a ?", "SELECT"),
            (
                "SELECT /*!40001 SQL_NO_CACHE */ * FROM t",
                "SELECT  * FROM t",
                "SELECT t",
            ),
        ],
    );
    check(
        PostgreSql,
        &[("SELECT a -- b\rFROM t", "SELECT a \rFROM t", "SELECT t")],
    );
    check(
        Unknown,
        &[
            (nested, "SELECT a ?", "SELECT"),
            ("SELECT a # b\n, 'c'", "SELECT a \n, ?", "SELECT"),
            ("SELECT a # it's\n, 'c'", "SELECT a ?", "SELECT"),
            ("SELECT a #>> '{b}' FROM t", "SELECT a ?", "SELECT"),
            ("SELECT 5--3\n, 'c'", "SELECT ?\n, ?", "SELECT"),
            ("SELECT a --it's\n, 'c'", "SELECT a ?", "SELECT"),
            ("SELECT a -- it's\r, 'c'\n, d", "SELECT a ?", "SELECT"),
            ("SELECT q'[it's]', 'c'", "SELECT ?", "SELECT"),
            ("SELECT `a'b`, 'c'", "SELECT ?", "SELECT"),
        ],
    );
}

#[test]
fn long_lists_collapse() {
    let short = ["1"; 16].join(", ");
    let hidden = ["?"; 16].join(", ");
    let long = (0..1000)
        .map(|n| format!("'{n}'"))
        .collect::<Vec<_>>()
        .join(",\n ");
    let placeholders = (1..1000)
        .map(|n| format!("${n}"))
        .collect::<Vec<_>>()
        .join(",");
    for (list, collapsed) in [
        (format!("IN ({short})"), format!("IN ({hidden})")),
        (format!("IN ({short}, 2)"), "IN (?)".to_owned()),
        (format!("in({long})"), "in(?)".to_owned()),
        (
            format!("NOT IN /* x */ ( {placeholders} )"),
            "NOT IN  (?)".to_owned(),
        ),
        (format!("IN ({short}, 2, f(3))"), "IN (?, f(?))".to_owned()),
        (format!("IN ({short}, 2 + a)"), "IN (? + a)".to_owned()),
        (format!("IN ({short}, NULL, TRUE)"), "IN (?)".to_owned()),
        (
            format!("IN (f(x), {short}, 2)"),
            format!("IN (f(x), {hidden}, ?)"),
        ),
        (format!("= f({short}, 2)"), format!("= f({hidden}, ?)")),
    ] {
        let text = format!("SELECT a FROM t WHERE a {list} AND b");
        let expected = format!("SELECT a FROM t WHERE a {collapsed} AND b");
        check(Unknown, &[(&text, &expected, "SELECT t")]);
    }
    let options = ReadingOptions {
        collapse_above: 2,
        ..ReadingOptions::default()
    };
    assert_eq!(read("IN (1, 2)", &options).text, "IN (?, ?)");
    assert_eq!(read("IN (1, 2, 3)", &options).text, "IN (?)");
}

#[test]
fn a_long_text_is_cut_between_tokens() {
    let text = format!("SELECT {} FROM t", ["'a' AS column"; 500].join(", "));
    let reading = read(&text, &ReadingOptions::default());
    assert!((2030..=MAX_TEXT).contains(&reading.text.len()));
    assert!(reading.text.ends_with("column…") || reading.text.ends_with(" …"));
    assert_eq!(reading.summary, "SELECT t");

    let fits = format!("SELECT {}", "a".repeat(MAX_TEXT - 7));
    assert_eq!(read(&fits, &ReadingOptions::default()).text, fits);
    let too_long = format!("SELECT {}", "a".repeat(MAX_TEXT - 6));
    assert_eq!(read(&too_long, &ReadingOptions::default()).text, "SELECT …");
}

#[test]
fn a_text_with_bound_values_stays_as_it_is() {
    let options = ReadingOptions {
        sanitise: false,
        ..ReadingOptions::default()
    };
    let text = "SELECT 'a', 1 /* b */ FROM t WHERE c = $1";
    assert_eq!(read(text, &options).text, text);
    assert_eq!(read(text, &options).summary, "SELECT t");

    let long = "ä".repeat(MAX_TEXT);
    let cut = format!("{}…", "ä".repeat((MAX_TEXT - 3) / 2));
    assert_eq!(read(&long, &options).text, cut);
    let fits = "ä".repeat(MAX_TEXT / 2);
    assert_eq!(read(&fits, &options).text, fits);
}

fn check(dialect: SqlDialect, rows: &[(&str, &str, &str)]) {
    let options = ReadingOptions {
        dialect,
        ..ReadingOptions::default()
    };
    for (text, sanitised, summary) in rows {
        let reading = read(text, &options);
        assert_eq!(reading.text, *sanitised, "{dialect:?}: {text}");
        assert_eq!(reading.summary, *summary, "{dialect:?}: {text}");
        assert_eq!(
            read(&reading.text, &options).text,
            *sanitised,
            "again: {text}"
        );
    }
}

const DIALECTS: [SqlDialect; 5] = [Unknown, PostgreSql, MySql, Sqlite, SqlServer];
