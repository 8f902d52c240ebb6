//! A text and its summary.

use super::super::written::MAX_SUMMARY;
use super::super::*;

#[test]
fn operations_and_targets() {
    check(&[
        ("SELECT 1", "SELECT"),
        ("select a, b from x.y as z where c = 1", "select x.y"),
        (
            "SELECT * FROM dbo.Table, dbo.AnotherTable",
            "SELECT dbo.Table dbo.AnotherTable",
        ),
        (
            "SELECT * FROM Orders o CROSS JOIN OrderDetails AS d",
            "SELECT Orders OrderDetails",
        ),
        (
            "SELECT * FROM a LEFT OUTER JOIN b ON a.x = b.x, c d, e",
            "SELECT a b c e",
        ),
        (
            "SELECT * FROM a NATURAL JOIN b JOIN c USING (d, e)",
            "SELECT a b c",
        ),
        ("SELECT * FROM (a JOIN b ON a.c = b.c), d", "SELECT a b d"),
        (
            "SELECT * FROM ((a JOIN b ON TRUE) JOIN c ON TRUE)",
            "SELECT a b c",
        ),
        (
            "SELECT * FROM ONLY a, LATERAL (SELECT b FROM c) d",
            "SELECT a SELECT c",
        ),
        ("SELECT * FROM a ORDER BY b, c", "SELECT a"),
        (
            "SELECT * FROM a WHERE b IN (SELECT c FROM d WHERE e IN (1, 2)) GROUP BY f, g",
            "SELECT a SELECT d",
        ),
        (
            "SELECT a FROM b WHERE EXISTS (SELECT 1 FROM c) AND d = (SELECT max(e) FROM f)",
            "SELECT b SELECT c SELECT f",
        ),
        ("SELECT (SELECT a FROM b), c FROM d", "SELECT SELECT b d"),
        ("SELECT a INTO b FROM c", "SELECT b c"),
        ("SELECT a INTO TEMP TABLE b FROM c", "SELECT b c"),
        ("SELECT a FROM b INTO OUTFILE 'c'", "SELECT b"),
        ("SELECT a FROM table", "SELECT table"),
        ("SELECT a FROM b FOR UPDATE OF b", "SELECT b"),
        ("SELECT * FROM a; SELECT * FROM b;", "SELECT a SELECT b"),
        (
            "INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 2",
            "INSERT a",
        ),
        (
            "INSERT INTO a(b) VALUES (1) ON DUPLICATE KEY UPDATE b = 2",
            "INSERT a",
        ),
        ("INSERT OR REPLACE INTO a VALUES (1)", "INSERT a"),
        ("INSERT IGNORE a VALUES (1)", "INSERT a"),
        ("INSERT INTO a DEFAULT VALUES RETURNING b, c", "INSERT a"),
        (
            "INSERT INTO a WITH b AS (SELECT * FROM c) SELECT * FROM b",
            "INSERT a SELECT c SELECT",
        ),
        ("REPLACE INTO a SELECT * FROM b", "REPLACE a SELECT b"),
        ("UPDATE stock SET a = 1, b = 2 WHERE c = 3", "UPDATE stock"),
        (
            "UPDATE ONLY a SET b = c.d FROM c, d WHERE e",
            "UPDATE a c d",
        ),
        (
            "UPDATE a JOIN b ON a.c = b.c SET d = 1, e = 2",
            "UPDATE a b",
        ),
        ("UPDATE a, b SET c = 1, d = 2", "UPDATE a b"),
        ("UPDATE OR IGNORE a SET b = 1", "UPDATE a"),
        (
            "UPDATE a SET b = (SELECT c FROM d), e = 1",
            "UPDATE a SELECT d",
        ),
        ("DELETE FROM reservation WHERE a < 1", "DELETE reservation"),
        ("DELETE reservation WHERE a < 1", "DELETE reservation"),
        ("DELETE a FROM a JOIN b ON TRUE", "DELETE a a b"),
        ("DELETE FROM a USING b, c WHERE TRUE", "DELETE a b c"),
        (
            "DELETE FROM a USING b x JOIN c USING (d), e",
            "DELETE a b c e",
        ),
        (
            "WITH a AS (SELECT 1) DELETE FROM b USING a",
            "SELECT DELETE b",
        ),
        ("DELETE TOP (5) FROM a", "DELETE a"),
        (
            "MERGE INTO target t USING source s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1 \
             WHEN NOT MATCHED THEN INSERT (a) VALUES (1) WHEN NOT MATCHED BY SOURCE THEN DELETE",
            "MERGE target",
        ),
        (
            "MERGE target USING (SELECT a FROM b) c ON TRUE WHEN MATCHED THEN DELETE",
            "MERGE target SELECT b",
        ),
        ("CALL some_procedure(1, 'a')", "CALL some_procedure"),
        ("EXEC @result = dbo.p @a = 1", "EXEC dbo.p"),
        ("EXEC ('SELECT 1')", "EXEC"),
        ("{ ? = call f(?) }", "call f"),
    ]);
}

#[test]
fn set_operations() {
    check(&[
        (
            "SELECT a FROM b UNION ALL SELECT c FROM d",
            "SELECT b SELECT d",
        ),
        (
            "(SELECT a FROM b) EXCEPT (SELECT c FROM d) ORDER BY 1, 2",
            "SELECT b SELECT d",
        ),
        (
            "SELECT * FROM ((SELECT a FROM b) INTERSECT SELECT c FROM d) e, f",
            "SELECT SELECT b SELECT d f",
        ),
        (
            "SELECT a FROM b ORDER BY c, d UNION SELECT e FROM f",
            "SELECT b SELECT f",
        ),
        ("VALUES (1), (2) UNION SELECT a FROM b", "VALUES SELECT b"),
    ]);
}

#[test]
fn common_table_expressions() {
    check(&[
        (
            "WITH a AS (SELECT * FROM b), \"c\"(d, e) AS MATERIALIZED (SELECT 1) \
             SELECT * FROM a JOIN c ON TRUE, f",
            "SELECT b SELECT SELECT f",
        ),
        (
            "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT b + 1 FROM A WHERE b < 3) SELECT * FROM a",
            "SELECT SELECT SELECT",
        ),
        (
            "WITH a AS (INSERT INTO b VALUES (1) RETURNING *) UPDATE c SET d = 1 FROM a",
            "INSERT b UPDATE c",
        ),
        (
            "SELECT * FROM (WITH a AS (SELECT * FROM b) SELECT * FROM a) c",
            "SELECT SELECT b SELECT",
        ),
        (
            "WITH a AS (SELECT 1) SELECT * FROM a; SELECT * FROM a",
            "SELECT SELECT SELECT a",
        ),
        (
            "SELECT * FROM a WITH (NOLOCK), b WITH (NOLOCK)",
            "SELECT a b",
        ),
        ("SELECT * FROM json_each(a) WITH ORDINALITY, b", "SELECT b"),
    ]);
}

#[test]
fn definitions() {
    check(&[
        (
            "CREATE TABLE MyTable (a int DEFAULT 5, b int REFERENCES c(d) ON DELETE CASCADE)",
            "CREATE TABLE MyTable",
        ),
        ("CREATE TABLE IF NOT EXISTS t (a int)", "CREATE TABLE t"),
        (
            "CREATE TEMP TABLE t AS SELECT * FROM a",
            "CREATE TABLE t SELECT a",
        ),
        (
            "CREATE OR REPLACE VIEW v AS WITH a AS (SELECT 1 FROM b) SELECT * FROM a",
            "CREATE VIEW v SELECT b SELECT",
        ),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM b",
            "CREATE MATERIALIZED VIEW v SELECT b",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a, b)",
            "CREATE INDEX i",
        ),
        ("CREATE INDEX ON t (a)", "CREATE INDEX"),
        (
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE VIRTUAL TABLE t",
        ),
        ("CREATE USER bob PASSWORD 'secret'", "CREATE USER"),
        (
            "CREATE POLICY p ON t FOR SELECT USING (a = 1)",
            "CREATE POLICY",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT OR UPDATE ON a EXECUTE FUNCTION f()",
            "CREATE TRIGGER t",
        ),
        (
            "ALTER TABLE IF EXISTS ONLY t ADD a int, ADD b int",
            "ALTER TABLE t",
        ),
        ("DROP TABLE MyTable", "DROP TABLE MyTable"),
        ("DROP TABLE IF EXISTS a, b.c CASCADE", "DROP TABLE a b.c"),
        ("TRUNCATE TABLE ONLY a, b", "TRUNCATE a b"),
        ("TRUNCATE a RESTART IDENTITY", "TRUNCATE a"),
    ]);
}

#[test]
fn other_statements() {
    check(&[
        ("BEGIN", "BEGIN"),
        ("BEGIN IMMEDIATE TRANSACTION", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("ROLLBACK TO SAVEPOINT sp_1", "ROLLBACK"),
        ("SAVEPOINT sp_1", "SAVEPOINT"),
        ("RELEASE SAVEPOINT sp_1", "RELEASE"),
        ("SET search_path = a, b", "SET"),
        ("PRAGMA table_info('a')", "PRAGMA"),
        ("EXPLAIN SELECT * FROM x", "EXPLAIN SELECT x"),
        (
            "EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM x",
            "EXPLAIN DELETE x",
        ),
        (
            "EXPLAIN QUERY PLAN WITH a AS (SELECT 1) SELECT * FROM a, x",
            "EXPLAIN SELECT SELECT x",
        ),
        ("COPY a FROM 'b'", "COPY"),
        ("COPY (SELECT * FROM a) TO STDOUT", "COPY SELECT a"),
        ("GRANT SELECT ON a TO b", "GRANT"),
        ("SHOW TABLES FROM a", "SHOW"),
        ("FETCH NEXT FROM a", "FETCH"),
        ("VACUUM a", "VACUUM"),
        ("", ""),
        ("'a'", ""),
        (" ; ;; SELECT 1", "SELECT"),
        (") ) SELECT a FROM b", "SELECT b"),
    ]);
}

#[test]
fn what_is_no_target() {
    check(&[
        (
            "SELECT EXTRACT(YEAR FROM a), TRIM(BOTH 'b' FROM c), SUBSTRING('d' FROM 2) FROM e",
            "SELECT e",
        ),
        (
            "SELECT a IS NOT DISTINCT FROM 'b', c IS DISTINCT FROM d FROM e",
            "SELECT e",
        ),
        (
            "SELECT * FROM generate_series(1, 5) g, json_each ('[1]') j, a",
            "SELECT a",
        ),
        (
            "SELECT * FROM a FOR SYSTEM_TIME FROM '2020-01-01' TO '2021-01-01'",
            "SELECT a",
        ),
        (
            "UPDATE a FOR PORTION OF b FROM '2020-01-01' TO '2021-01-01' SET c = 1",
            "UPDATE a",
        ),
        (
            "DELETE FROM a FOR PORTION OF b FROM '2020-01-01' TO '2021-01-01'",
            "DELETE a",
        ),
        ("SELECT * FROM a JOIN b ON c = 'd', 'e'", "SELECT a b"),
        ("SELECT a FROM b LIMIT 5, 'c'", "SELECT b"),
        ("SELECT * FROM a USE INDEX FOR JOIN (b) WHERE c", "SELECT a"),
        ("SELECT a.from, b.join, c.\"update\" FROM d", "SELECT d"),
        ("SELECT * FROM :a, $1, ?, @b, c", "SELECT c"),
        ("SELECT * FROM N'a', E'b', 5, TRUE, c", "SELECT c"),
        ("SELECT f((a), (b, c)), (d) FROM e", "SELECT e"),
    ]);
}

#[test]
fn quoted_names() {
    check(&[
        (
            "SELECT * FROM 'a', 'b' AS c, 'd' JOIN 'e' ON TRUE",
            "SELECT 'a' 'b' 'd' 'e'",
        ),
        ("INSERT INTO 'a' VALUES ('b')", "INSERT 'a'"),
        ("UPDATE 'a' SET b = 'c'", "UPDATE 'a'"),
        ("CREATE TABLE 'a' (b)", "CREATE TABLE 'a'"),
        ("DROP TABLE 'a', 'b'", "DROP TABLE 'a' 'b'"),
        (
            "SELECT * FROM `a`.`b`, \"c\".d, e.\"f g\"",
            "SELECT `a`.`b` \"c\".d e.\"f g\"",
        ),
        ("CALL 'a'", "CALL"),
        ("DELETE 'a'", "DELETE"),
        ("CREATE INDEX 'a' ON b (c)", "CREATE INDEX"),
        ("DROP USER 'a', 'b'", "DROP USER"),
        ("SELECT * FROM a = 'b', 'c'", "SELECT a"),
        ("SELECT * FROM a JOIN b USING (c), 'd'", "SELECT a b"),
    ]);
}

#[test]
fn bounded_by_whole_names() {
    let names: Vec<_> = (0..100).map(|n| format!("table_{n}")).collect();
    let text = format!("SELECT * FROM {}", names.join(", "));
    let summary = read(&text, &ReadingOptions::default()).summary;
    assert!(summary.len() <= MAX_SUMMARY && summary.len() > MAX_SUMMARY - 10);
    let told: Vec<_> = summary.split(' ').skip(1).collect();
    assert_eq!(told, names[..told.len()]);

    let long = format!("SELECT * FROM a, {}, b", "c".repeat(300));
    check(&[(&long, "SELECT a")]);
}

#[test]
fn nested_too_deep() {
    let text = format!(
        "SELECT {}SELECT a FROM b{} FROM c",
        "(".repeat(500),
        ")".repeat(500)
    );
    check(&[(&text, "SELECT c")]);
    let text = format!(
        "SELECT {}SELECT a FROM b{} FROM c",
        "(".repeat(60),
        ")".repeat(60)
    );
    check(&[(&text, "SELECT SELECT b c")]);
}

#[test]
fn a_summary_ends_where_the_text_is_unsure() {
    check(&[("SELECT a FROM b, 'c\\' FROM d", "SELECT b")]);
}

fn check(rows: &[(&str, &str)]) {
    for (text, summary) in rows {
        let reading = read(text, &ReadingOptions::default());
        assert_eq!(reading.summary, *summary, "{text}");
    }
}
