//! Queries through the public API: whole attribute sets, one span and one point.

#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_instrumentation::{
    DatabaseConfig, DbClientInstrumentation, ErrorType, Sanitising, Statement,
    instrumentation_scope,
};

const TEXT: &str = "SELECT name FROM users WHERE id = $1 AND age > 18";

#[test]
fn a_query_is_one_span_and_one_point() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    client.start(&bound(TEXT)).finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "SELECT users");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(
        by_name(&span.attributes),
        [
            text("db.namespace", "shop"),
            text("db.query.summary", "SELECT users"),
            text("db.query.text", TEXT),
            text("db.system.name", "postgresql"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
        ]
    );
    let point = only(capture.points(DURATION));
    assert_eq!(
        point.labels.into_iter().collect::<Vec<_>>(),
        [
            text("db.namespace", "shop"),
            text("db.query.summary", "SELECT users"),
            text("db.system.name", "postgresql"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
        ]
    );
    assert_eq!(point.count, 1);
    let elapsed = span.end_time.duration_since(span.start_time).unwrap();
    assert_eq!(point.sum, elapsed.as_secs_f64());
    assert_eq!(
        point.bounds,
        [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0]
    );
    assert_eq!(
        capture.description_and_unit(DURATION),
        Some((
            "Duration of database client operations.".to_owned(),
            "s".to_owned()
        ))
    );
}

#[test]
fn an_error_of_the_database_is_its_code_and_not_its_message() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let mut operation = client.start(&bound(TEXT));
    operation.record_error_code("23505", &CANARY);
    operation.fail(ErrorType::IO, &CANARY);
    operation.finish();

    let span = only(capture.spans());
    assert_eq!(span.status, Status::error(""));
    assert_eq!(
        by_name(&span.attributes),
        [
            text("db.namespace", "shop"),
            text("db.query.summary", "SELECT users"),
            text("db.query.text", TEXT),
            text("db.response.status_code", "23505"),
            text("db.system.name", "postgresql"),
            text("error.type", "23505"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
        ]
    );
    let labels = only(capture.points(DURATION)).labels;
    assert_eq!(
        labels.into_iter().collect::<Vec<_>>(),
        [
            text("db.namespace", "shop"),
            text("db.query.summary", "SELECT users"),
            text("db.response.status_code", "23505"),
            text("db.system.name", "postgresql"),
            text("error.type", "23505"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
        ]
    );
}

#[test]
fn a_failure_without_an_answer_has_a_class() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let mut operation = client.start(&bound(TEXT));
    operation.fail(ErrorType::POOL_TIMEOUT, &CANARY);
    operation.record_error_code("57P01", &CANARY);
    operation.finish();

    let span = only(capture.spans());
    assert_eq!(span.status, Status::error(""));
    assert_eq!(attribute(&span, "error.type"), Some("pool_timeout".into()));
    assert_eq!(attribute(&span, "db.response.status_code"), None);
    let labels = only(capture.points(DURATION)).labels;
    assert_eq!(labels.get("error.type"), Some(&"pool_timeout".into()));
    assert_eq!(labels.get("db.response.status_code"), None);
}

#[test]
fn messages_are_told_where_that_is_asked_for() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new().error_messages(true));
    let mut answered = client.start(&bound(TEXT));
    answered.record_error_code("23505", &"already exists");
    answered.finish();
    let mut broken = client.start(&bound(TEXT));
    broken.fail(ErrorType::IO, &"connection reset");
    broken.finish();

    let messages: Vec<_> = capture.spans().into_iter().map(|it| it.status).collect();
    assert_eq!(
        messages,
        [
            Status::error("already exists"),
            Status::error("connection reset")
        ]
    );
}

#[test]
fn a_query_that_is_given_up_is_no_error() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    drop(client.start(&bound(TEXT)));

    let span = only(capture.spans());
    assert_eq!(span.status, Status::Unset);
    assert_eq!(attribute(&span, "error.type"), None);
    assert_eq!(only(capture.points(DURATION)).count, 1);
}

#[test]
fn a_panic_is_an_error() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let operation = AssertUnwindSafe(client.start(&bound(TEXT)));
    let panicked = catch_unwind(|| {
        let _operation = operation;
        panic!("while rows are read");
    });
    assert!(panicked.is_err());

    let span = only(capture.spans());
    assert_eq!(span.status, Status::error(""));
    assert_eq!(attribute(&span, "error.type"), Some("panic".into()));
}

#[test]
fn literals_go_unless_a_value_is_bound() {
    const LITERAL: &str = "SELECT name FROM users WHERE email = 'canary'";
    const SANITISED: &str = "SELECT name FROM users WHERE email = ?";
    let cases = [
        (Sanitising::Unbound, false, SANITISED),
        (Sanitising::Unbound, true, LITERAL),
        (Sanitising::All, true, SANITISED),
        (Sanitising::Nothing, false, LITERAL),
    ];
    for (sanitising, is_bound, expected) in cases {
        let capture = Capture::new();
        let client = client(&capture, DatabaseConfig::new().sanitising(sanitising));
        // It is read the first time, and looked up later.
        for _ in 0..3 {
            client
                .start(&Statement::sql(LITERAL).is_bound(is_bound))
                .finish();
        }
        for span in capture.spans() {
            let found = attribute(&span, "db.query.text");
            assert_eq!(found, Some(expected.into()), "{sanitising:?} {is_bound}");
        }
    }
}

#[test]
fn commands_are_named_by_operation_and_target() {
    let command = Statement::command("HGET");
    let redis = || DatabaseConfig::new().system("redis").server("cache", 6379);
    let cases = [
        (redis(), command, "HGET cache"),
        (redis().server("cache", 1), command, "HGET cache:1"),
        (redis().namespace("3"), command, "HGET 3"),
        (redis(), command.collection("users"), "HGET users"),
        (redis(), command.stored_procedure("count"), "HGET count"),
        (redis(), Statement::default(), "cache"),
        (
            DatabaseConfig::new().system("redis"),
            Statement::default(),
            "redis",
        ),
        (DatabaseConfig::new(), Statement::default(), "other_sql"),
    ];
    for (config, statement, expected) in cases {
        let capture = Capture::new();
        let scope = instrumentation_scope("test", "1");
        let config = config.providers(capture.providers());
        DbClientInstrumentation::new(scope, config)
            .start(&statement)
            .finish();
        assert_eq!(only(capture.spans()).name, expected, "{statement:?}");
    }
}

#[test]
fn a_command_has_its_whole_set_of_attributes() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new().system("mongodb"));
    let batch = Statement::command("insert")
        .collection("orders")
        .stored_procedure("")
        .batch_size(3);
    client.start(&batch).finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "insert orders");
    assert_eq!(
        by_name(&span.attributes),
        [
            text("db.collection.name", "orders"),
            text("db.namespace", "shop"),
            number("db.operation.batch.size", 3),
            text("db.operation.name", "insert"),
            text("db.system.name", "mongodb"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
        ]
    );
    let labels = only(capture.points(DURATION)).labels;
    assert_eq!(
        labels.into_iter().collect::<Vec<_>>(),
        [
            text("db.collection.name", "orders"),
            text("db.namespace", "shop"),
            text("db.operation.name", "insert"),
            text("db.system.name", "mongodb"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
        ]
    );
}

#[test]
fn a_batch_of_one_is_no_batch() {
    let cases = [(0, Some(0)), (1, None), (2, Some(2))];
    for (size, expected) in cases {
        let capture = Capture::new();
        let client = client(&capture, DatabaseConfig::new());
        client.start(&bound(TEXT).batch_size(size)).finish();
        let found = attribute(&only(capture.spans()), "db.operation.batch.size");
        assert_eq!(found, expected.map(Value::I64), "{size}");
    }
}

#[test]
fn an_operation_that_the_api_names_is_not_read_from_the_text() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let prepare = Statement::sql("SELECT 'canary'").operation("PREPARE");
    client.start(&prepare).finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "PREPARE shop");
    assert_eq!(attribute(&span, "db.query.summary"), None);
    assert_eq!(attribute(&span, "db.query.text"), Some("SELECT ?".into()));
}

#[test]
fn hooks_filter_name_and_add() {
    let capture = Capture::new();
    let config = DatabaseConfig::new()
        .filter(|statement| statement.text != Some("SELECT 1"))
        .span_name(|statement| statement.is_bound.then(|| "bound".into()))
        .attributes(|_, attributes| {
            attributes.both(KeyValue::new("tenant", "a"));
            attributes.span(KeyValue::new("error.type", "theirs"));
        })
        .query_text(false)
        .returned_rows(true);
    let client = client(&capture, config);
    assert!(!client.start(&Statement::sql("SELECT 1")).is_recorded());
    let mut operation = client.start(&bound(TEXT));
    operation.record_returned_rows(2);
    operation.record_returned_rows(1);
    operation.finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "bound");
    assert_eq!(
        by_name(&span.attributes),
        [
            text("db.namespace", "shop"),
            text("db.query.summary", "SELECT users"),
            number("db.response.returned_rows", 3),
            text("db.system.name", "postgresql"),
            text("server.address", "db.internal"),
            number("server.port", 6432),
            text("tenant", "a"),
        ]
    );
    let labels = only(capture.points(DURATION)).labels;
    assert_eq!(labels.get("tenant"), Some(&"a".into()));
    assert_eq!(labels.get("db.response.returned_rows"), None);
}

#[test]
fn a_query_is_a_child_of_the_current_span_and_is_current_itself() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let tracer = capture.tracer_provider().tracer("test");
    tracer.in_span("handler", |handler| {
        let operation = client.start(&bound(TEXT));
        let current = operation.run(|| Context::current().span().span_context().clone());
        assert_eq!(current, *operation.context().span().span_context());
        assert_eq!(current.trace_id(), handler.span().span_context().trace_id());
        operation.finish();
    });
    let spans = capture.spans();
    assert_eq!(spans[0].parent_span_id, spans[1].span_context.span_id());
}

/// A driver may report a query after its end.
#[test]
fn a_query_can_have_begun_before() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let elapsed = Duration::from_secs(7);
    let earliest = SystemTime::now() - elapsed;
    client.start_before(&bound(TEXT), elapsed).finish();
    let latest = SystemTime::now() - elapsed;

    let span = only(capture.spans());
    assert!((earliest..=latest).contains(&span.start_time), "{span:?}");
    let duration = span.end_time.duration_since(span.start_time).unwrap();
    assert!(duration >= elapsed);
    assert_eq!(only(capture.points(DURATION)).sum, duration.as_secs_f64());

    // A query that began before the clock's epoch.
    client.start_before(&bound(TEXT), Duration::MAX).finish();
    let spans = capture.spans();
    let [_, span] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert!(span.start_time >= latest + elapsed);
}

#[test]
fn suppressed_telemetry_passes_through() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    assert!(client.is_enabled());
    let suppressed = Context::current().with_telemetry_suppressed();
    let _attached = suppressed.attach();
    assert!(!client.is_enabled());
    let operation = client.start(&bound(TEXT));
    assert!(!operation.is_recorded());
    client.acquire(Some(&operation)).finish();
    client.acquire(None).finish();
    operation.finish();

    assert!(capture.spans().is_empty());
    assert!(capture.metric_names().is_empty());
}

#[test]
fn without_a_provider_nothing_is_recorded() {
    let scope = instrumentation_scope("test", "1");
    let client = DbClientInstrumentation::new(scope, DatabaseConfig::new());
    assert!(!client.is_enabled());
    assert!(!client.start(&bound(TEXT)).is_recorded());
}

#[test]
fn a_long_wait_for_a_connection_is_a_span_of_its_own() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().acquire_threshold(Duration::ZERO);
    let client = client(&capture, config);
    let mut operation = client.start(&bound(TEXT));
    let acquire = client.acquire(Some(&operation));
    wait();
    acquire.fail(ErrorType::POOL_TIMEOUT);
    operation.fail(ErrorType::POOL_TIMEOUT, &CANARY);
    operation.finish();

    let [acquire, query] = <[_; 2]>::try_from(capture.spans()).unwrap();
    assert_eq!(acquire.name, "acquire");
    assert_eq!(acquire.span_kind, SpanKind::Internal);
    assert_eq!(acquire.status, Status::error(""));
    assert_eq!(
        by_name(&acquire.attributes),
        [text("error.type", "pool_timeout")]
    );
    assert_eq!(acquire.parent_span_id, query.span_context.span_id());
    assert!(acquire.start_time >= query.start_time && acquire.end_time <= query.end_time);
    assert_eq!(only(capture.points(DURATION)).count, 1);
}

#[test]
fn a_wait_that_is_given_up_is_a_span_and_no_error() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().acquire_threshold(Duration::ZERO);
    let client = client(&capture, config);
    let acquire = client.acquire(None);
    wait();
    drop(acquire);

    let span = only(capture.spans());
    assert_eq!(span.name, "acquire");
    assert_eq!(span.status, Status::Unset);
}

#[test]
fn a_short_wait_leaves_nothing() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().acquire_threshold(Duration::MAX);
    let client = client(&capture, config);
    client.acquire(None).finish();
    assert!(capture.spans().is_empty());
}

#[test]
fn a_driver_fills_in_what_the_configuration_leaves_out() {
    let capture = Capture::new();
    let driver = DatabaseConfig::new()
        .system("mysql")
        .namespace("from_url")
        .server("localhost", 3306);
    let config = DatabaseConfig::new()
        .namespace("chosen")
        .or(driver)
        .providers(capture.providers());
    DbClientInstrumentation::new(instrumentation_scope("test", "1"), config)
        .start(&Statement::command("PING"))
        .finish();
    assert_eq!(
        by_name(&only(capture.spans()).attributes),
        [
            text("db.namespace", "chosen"),
            text("db.operation.name", "PING"),
            text("db.system.name", "mysql"),
            text("server.address", "localhost"),
        ]
    );
}

#[test]
fn nothing_that_may_hold_a_value_is_in_debug_output() {
    let capture = Capture::new();
    let client = client(&capture, DatabaseConfig::new());
    let statement = Statement::sql(CANARY);
    let operation = client.start(&statement);
    for output in [
        format!("{statement:?}"),
        format!("{operation:?}"),
        format!("{client:?}"),
    ] {
        assert!(!output.contains(CANARY), "{output}");
    }
}

fn client(capture: &Capture, config: DatabaseConfig) -> DbClientInstrumentation {
    let config = config
        .or(DatabaseConfig::new()
            .system("postgresql")
            .namespace("shop")
            .server("db.internal", 6432))
        .providers(capture.providers());
    DbClientInstrumentation::new(instrumentation_scope("test", "1"), config)
}

/// Waits until the clock has moved.
fn wait() {
    let started = std::time::Instant::now();
    while started.elapsed().is_zero() {
        std::hint::spin_loop();
    }
}

fn bound(text: &str) -> Statement<'_> {
    Statement::sql(text).is_bound(true)
}

fn attribute(span: &SpanData, name: &str) -> Option<Value> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|it| it.key.as_str() == name)?;
    Some(found.value.clone())
}

fn only<T: std::fmt::Debug>(found: Vec<T>) -> T {
    let [one] = <[T; 1]>::try_from(found).unwrap();
    one
}

fn text(name: &str, value: &'static str) -> (String, Value) {
    (name.to_owned(), value.into())
}

fn number(name: &str, value: i64) -> (String, Value) {
    (name.to_owned(), value.into())
}

const DURATION: &str = "db.client.operation.duration";
const CANARY: &str = "Key (email)=(canary@example.com) already exists";
