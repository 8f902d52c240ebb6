//! What only this crate has of queries and their ends, on SQLite. The rest is in the contract of
//! databases, in `integration-tests/databases`.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::{InstrumentationEvent, SimpleConnection, StrQueryHelper};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use opentelemetry::Context;
use opentelemetry::trace::Status;
use otel_instrumentation::testing::Capture;
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation, Sanitising};

use self::support::stock::dsl::{name, quantity, sku, stock};
use self::support::{
    attribute, attributes, connection, connection_with, measured, names, only, open, pair,
};

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
fn what_is_suppressed_is_not_recorded() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        stock.count().get_result::<i64>(&mut connection).unwrap();
    }
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(measured(&capture), 0);
    // Nor is it taken for the end of another query.
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
    // The caller gave it up, which is no error.
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
