//! Queries, their ends and their failures, on SQLite.

#![expect(clippy::panic, reason = "what happens then is tested")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::{InstrumentationEvent, SimpleConnection, StrQueryHelper};
use diesel::deserialize::{self, Queryable};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, Status};
use otel_instrumentation::testing::Capture;
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation, Sanitising};

use self::support::stock::dsl::{name, quantity, sku, stock};
use self::support::{
    attribute, attributes, connection, connection_with, measured, names, only, open, pair, request,
};

const SELECT: &str = "SELECT `stock`.`name` FROM `stock` WHERE (`stock`.`sku` = ?)";

#[test]
fn a_query_is_one_span_and_one_point() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let inserted = diesel::insert_into(stock)
        .values((sku.eq("A-4"), name.eq("nail"), quantity.eq(9)))
        .execute(&mut connection)
        .unwrap();
    assert_eq!(inserted, 1);

    let (span, labels) = only(&capture);
    assert_eq!(span.name, "INSERT `stock`");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(
        attributes(&span),
        [
            pair("db.query.summary", "INSERT `stock`"),
            pair(
                "db.query.text",
                "INSERT INTO `stock` (`sku`, `name`, `quantity`) VALUES (?, ?, ?)"
            ),
            pair("db.system.name", "sqlite"),
        ]
    );
    assert_eq!(
        labels,
        [
            pair("db.query.summary", "INSERT `stock`"),
            pair("db.system.name", "sqlite"),
        ]
    );
    let scope = &span.instrumentation_scope;
    assert_eq!(scope.name(), "otel-middleware-diesel");
    assert!(scope.schema_url().is_some());
}

#[test]
fn the_parent_is_what_is_current() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let (context, id) = request();
    let attached = context.attach();
    stock.count().get_result::<i64>(&mut connection).unwrap();
    drop(attached);
    assert_eq!(capture.spans()[0].parent_span_id, id);
}

#[test]
fn no_row_is_no_failure() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let missing = stock
        .filter(sku.eq("A-9"))
        .select(name)
        .get_result::<String>(&mut connection);
    assert_eq!(missing, Err(Error::NotFound));

    let (span, labels) = only(&capture);
    assert_eq!(span.name, "SELECT `stock`");
    assert_eq!(span.status, Status::Unset);
    assert_eq!(
        attributes(&span),
        [
            pair("db.query.summary", "SELECT `stock`"),
            pair("db.query.text", SELECT),
            pair("db.system.name", "sqlite"),
        ]
    );
    assert_eq!(labels.len(), 2);
}

#[test]
fn violations_have_their_kind_and_syntax_errors_none() {
    let cases = [
        (
            "INSERT INTO stock (sku) VALUES ('A-1')",
            "INSERT INTO stock (sku) VALUES (?)",
            "INSERT stock",
            "unique_violation",
        ),
        (
            "INSERT INTO stock (sku, name) VALUES ('A-9', 'nut')",
            "INSERT INTO stock (sku, name) VALUES (?, ?)",
            "INSERT stock",
            "unique_violation",
        ),
        ("SELECT FROM", "SELECT FROM", "SELECT", "_OTHER"),
        (
            "SELECT * FROM missing",
            "SELECT * FROM missing",
            "SELECT missing",
            "_OTHER",
        ),
    ];
    for (text, recorded, summary, class) in cases {
        let capture = Capture::new();
        let mut connection = connection(&capture);
        sql_query(text).execute(&mut connection).unwrap_err();

        let (span, labels) = only(&capture);
        assert_eq!(span.name, summary);
        assert_eq!(span.status, Status::error(""));
        assert_eq!(
            attributes(&span),
            [
                pair("db.query.summary", summary),
                pair("db.query.text", recorded),
                pair("db.system.name", "sqlite"),
                pair("error.type", class),
            ],
            "{text}"
        );
        assert_eq!(
            labels,
            [
                pair("db.query.summary", summary),
                pair("db.system.name", "sqlite"),
                pair("error.type", class),
            ],
            "{text}"
        );
    }
}

#[test]
fn the_message_of_an_error_is_told_where_that_is_asked_for() {
    let capture = Capture::new();
    let mut connection = connection_with(&capture, DatabaseConfig::new().error_messages(true));
    sql_query("SELECT * FROM missing")
        .execute(&mut connection)
        .unwrap_err();
    assert_eq!(
        only(&capture).0.status,
        Status::error("no such table: missing")
    );
}

#[test]
fn rows_that_are_inserted_at_once_are_one_query() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let rows = [("B-1", "a"), ("B-2", "b"), ("B-3", "c")];
    let rows = rows.map(|row| (sku.eq(row.0), name.eq(row.1), quantity.eq(1)));
    let inserted = diesel::insert_into(stock)
        .values(&rows)
        .execute(&mut connection)
        .unwrap();
    assert_eq!(inserted, 3);
    assert_eq!(
        attributes(&only(&capture).0),
        [
            pair("db.query.summary", "INSERT `stock`"),
            pair(
                "db.query.text",
                "INSERT INTO `stock` (`sku`, `name`, `quantity`) VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?)"
            ),
            pair("db.system.name", "sqlite"),
        ]
    );
}

#[test]
fn statements_that_are_sent_at_once_are_one_query() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    connection
        .batch_execute("DELETE FROM stock WHERE sku = 'A-1'; UPDATE stock SET quantity = 0")
        .unwrap();
    assert_eq!(
        attributes(&only(&capture).0),
        [
            pair("db.query.summary", "DELETE stock UPDATE stock"),
            pair(
                "db.query.text",
                "DELETE FROM stock WHERE sku = ?; UPDATE stock SET quantity = ?"
            ),
            pair("db.system.name", "sqlite"),
        ]
    );
}

#[test]
fn literals_go_unless_a_value_is_bound() {
    let text = "SELECT sku FROM stock WHERE name = 'nut'";
    let bound = "SELECT sku FROM stock WHERE name = 'nut' AND sku <> ?";
    let config = DatabaseConfig::new;
    let cases = [
        (config(), "SELECT sku FROM stock WHERE name = ?", bound),
        (
            config().sanitising(Sanitising::All),
            "SELECT sku FROM stock WHERE name = ?",
            "SELECT sku FROM stock WHERE name = ? AND sku <> ?",
        ),
        (config().sanitising(Sanitising::Nothing), text, bound),
    ];
    for (config, expected, expected_bound) in cases {
        let capture = Capture::new();
        let mut connection = connection_with(&capture, config);
        sql_query(text).execute(&mut connection).unwrap();
        sql_query(bound)
            .bind::<Text, _>("A-2")
            .execute(&mut connection)
            .unwrap();
        let spans = capture.spans();
        let texts: Vec<_> = spans
            .iter()
            .map(|span| attribute(span, "db.query.text"))
            .collect();
        assert_eq!(texts, [Some(expected.into()), Some(expected_bound.into())]);
    }
}

#[test]
fn the_text_of_a_query_of_diesels_own_is_left_as_it_is() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    stock.count().get_result::<i64>(&mut connection).unwrap();
    stock
        .filter(sku.eq_any(["A-1", "A-2"]))
        .order(quantity.desc())
        .limit(1)
        .select(name)
        .load::<String>(&mut connection)
        .unwrap();
    let spans = capture.spans();
    assert_eq!(
        attribute(&spans[0], "db.query.text"),
        Some("SELECT COUNT(*) FROM `stock`".into())
    );
    assert_eq!(
        attribute(&spans[1], "db.query.text"),
        Some("SELECT `stock`.`name` FROM `stock` WHERE (`stock`.`sku` IN (?, ?)) ORDER BY `stock`.`quantity` DESC LIMIT ?".into())
    );
}

#[test]
fn rows_are_part_of_their_query_until_the_last_one() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let mut rows = stock
        .select(sku)
        .load_iter::<String, _>(&mut connection)
        .unwrap();
    for expected in ["A-1", "A-2", "A-3"] {
        assert_eq!(rows.next().unwrap().unwrap(), expected);
        assert_eq!(capture.spans().len(), 0);
    }
    assert!(rows.next().is_none());
    drop(rows);
    assert_eq!(only(&capture).0.status, Status::Unset);
}

#[test]
fn an_iterator_that_is_dropped_half_way_ends_its_span() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let mut rows = stock
        .select(sku)
        .load_iter::<String, _>(&mut connection)
        .unwrap();
    assert_eq!(rows.next().unwrap().unwrap(), "A-1");
    assert_eq!(capture.spans().len(), 0);
    drop(rows);
    let (span, labels) = only(&capture);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(attributes(&span).len(), 3);
    assert_eq!(labels.len(), 2);

    // The connection is fit for the next query.
    stock.count().get_result::<i64>(&mut connection).unwrap();
    assert_eq!(capture.spans().len(), 2);
}

struct Panicking;

impl Queryable<Text, Sqlite> for Panicking {
    type Row = String;

    fn build(_: String) -> deserialize::Result<Self> {
        panic!("no such sku")
    }
}

#[test]
fn a_panic_while_rows_are_read_is_an_error() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        stock.select(sku).load::<Panicking>(&mut connection)
    }));
    assert!(panicked.is_err());
    let (span, labels) = only(&capture);
    assert_eq!(span.status, Status::error(""));
    assert_eq!(
        attributes(&span),
        [
            pair("db.query.summary", "SELECT `stock`"),
            pair("db.query.text", "SELECT `stock`.`sku` FROM `stock`"),
            pair("db.system.name", "sqlite"),
            pair("error.type", "panic"),
        ]
    );
    assert!(labels.contains(&pair("error.type", "panic")));
}

#[test]
fn a_query_of_a_panicking_thread_has_not_panicked_itself() {
    struct Guard(SqliteConnection);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.batch_execute("DELETE FROM stock").unwrap();
        }
    }

    let capture = Capture::new();
    let guard = Guard(connection(&capture));
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _guard = guard;
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    let (span, _) = only(&capture);
    assert_eq!(span.name, "DELETE stock");
    assert_eq!(span.status, Status::Unset);
}

#[test]
fn a_row_that_does_not_fit_is_no_failure_of_the_query() {
    struct Misfit;

    impl Queryable<Text, Sqlite> for Misfit {
        type Row = String;

        fn build(_: String) -> deserialize::Result<Self> {
            Err("it does not fit".into())
        }
    }

    let capture = Capture::new();
    let mut connection = connection(&capture);
    let misfit = stock.select(sku).first::<Misfit>(&mut connection);
    assert!(matches!(misfit, Err(Error::DeserializationError(_))));
    assert_eq!(only(&capture).0.status, Status::Unset);
}

#[test]
fn what_is_suppressed_is_not_recorded() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        stock.count().get_result::<i64>(&mut connection).unwrap();
    }
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(measured(&capture), 0);
    // Nor does it take the end of another query away.
    stock.count().get_result::<i64>(&mut connection).unwrap();
    assert_eq!(names(&capture), ["SELECT `stock`"]);
}

#[test]
fn a_filter_leaves_queries_out() {
    let capture = Capture::new();
    let config = DatabaseConfig::new()
        .filter(|statement| statement.text.is_some_and(|text| !text.contains("COUNT")));
    let mut connection = connection_with(&capture, config);
    stock.count().get_result::<i64>(&mut connection).unwrap();
    stock.select(sku).load::<String>(&mut connection).unwrap();
    assert_eq!(measured(&capture), 1);
    assert_eq!(names(&capture), ["SELECT `stock`"]);
}

#[test]
fn without_an_sdk_queries_run() {
    let mut connection = open();
    connection.set_instrumentation(OtelInstrumentation::new());
    assert_eq!(stock.count().get_result(&mut connection), Ok(3_i64));
    let error = sql_query("INSERT INTO stock (sku) VALUES ('A-1')")
        .execute(&mut connection)
        .unwrap_err();
    assert!(matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
    ));
}

#[test]
fn what_has_begun_ends_with_its_connection() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    connection
        .instrumentation()
        .on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(
            "SELECT 2",
        )));
    stock.count().get_result::<i64>(&mut connection).unwrap();
    assert_eq!(names(&capture), ["SELECT `stock`"]);
    drop(connection);

    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    // Given up by the caller: no error.
    assert_eq!(spans[1].status, Status::Unset);
    assert_eq!(
        attributes(&spans[1]),
        [
            pair("db.query.summary", "SELECT"),
            pair("db.query.text", "SELECT ?"),
            pair("db.system.name", "sqlite"),
        ]
    );
    assert_eq!(measured(&capture), 2);
}

#[test]
fn two_connections_by_clones_do_not_take_each_others_ends() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().providers(capture.providers());
    let instrumentation = support::instrumentation(config);
    let (mut one, mut other) = (open(), open());
    one.set_instrumentation(instrumentation.clone());
    other.set_instrumentation(instrumentation);
    let rows = stock.select(sku).load_iter::<String, _>(&mut one).unwrap();
    other.batch_execute("DELETE FROM stock").unwrap();
    assert_eq!(names(&capture), ["DELETE stock"]);
    drop(rows);
    assert_eq!(names(&capture), ["DELETE stock", "SELECT `stock`"]);
}

#[test]
fn what_the_configuration_says_of_the_database_counts_before_the_url() {
    let capture = Capture::new();
    let config = DatabaseConfig::new()
        .namespace("orders")
        .providers(capture.providers());
    let mut connection = open();
    let instrumentation = OtelInstrumentation::with_config(config)
        .database_url("postgres://ada:canary@db.internal:6432/shop");
    connection.set_instrumentation(instrumentation);
    connection.batch_execute("DELETE FROM stock").unwrap();
    let (span, labels) = only(&capture);
    let expected = [
        pair("db.namespace", "orders"),
        pair("db.query.summary", "DELETE stock"),
        pair("db.system.name", "postgresql"),
        pair("server.address", "db.internal"),
        ("server.port".to_owned(), 6432.into()),
    ];
    assert_eq!(labels, expected);
    let found: Vec<_> = attributes(&span)
        .into_iter()
        .filter(|(key, _)| key != "db.query.text")
        .collect();
    assert_eq!(found, expected);
}
