//! The default is global, so there is one test with several parts.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{
    Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation,
};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use otel_instrumentation::testing::Capture;
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation};

use self::support::stock::dsl::stock;
use self::support::{attributes, measured, names, pair, request};

static REPLACED: AtomicUsize = AtomicUsize::new(0);

fn replaced() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|_: InstrumentationEvent<'_>| {
        REPLACED.fetch_add(1, Ordering::Relaxed);
    }))
}

#[test]
fn what_is_installed_is_for_connections_made_afterwards() {
    set_default_instrumentation(replaced).unwrap();
    let mut before = SqliteConnection::establish(":memory:").unwrap();
    let heard = REPLACED.load(Ordering::Relaxed);
    assert_eq!(heard, 2);

    let capture = Capture::new();
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/installed.db");
    let _ = std::fs::remove_file(file);
    install(&capture, false);
    let mut after = SqliteConnection::establish(file).unwrap();
    // Establishing is no query.
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(measured(&capture), 0);

    // Existing connections keep their instrumentation.
    before.batch_execute(support::CREATE).unwrap();
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(REPLACED.load(Ordering::Relaxed), heard + 2);

    // The facts of the database come from the URL.
    after.batch_execute(support::CREATE).unwrap();
    assert_eq!(REPLACED.load(Ordering::Relaxed), heard + 2);
    let [span] = <[_; 1]>::try_from(capture.spans()).unwrap();
    assert_eq!(
        attributes(&span),
        [
            pair("db.namespace", "installed.db"),
            pair("db.query.summary", "CREATE TABLE stock"),
            pair(
                "db.query.text",
                "CREATE TABLE stock (sku TEXT PRIMARY KEY, name TEXT UNIQUE, quantity INTEGER)"
            ),
            pair("db.system.name", "sqlite"),
        ]
    );

    checkouts(file);
    a_connection_with_its_own_is_recorded_by_that_alone(file);
}

fn install(capture: &Capture, records_checks: bool) {
    let config = DatabaseConfig::new().providers(capture.providers());
    OtelInstrumentation::with_config(config)
        .checkout_queries(records_checks)
        .install()
        .unwrap();
}

fn checkouts(file: &str) {
    let expected: [(bool, &[&str]); 2] = [
        (false, &["SELECT `stock`", "SELECT `stock`"]),
        (
            true,
            &["SELECT", "SELECT `stock`", "SELECT", "SELECT `stock`"],
        ),
    ];
    for (records_checks, expected) in expected {
        let capture = Capture::new();
        install(&capture, records_checks);
        let manager = ConnectionManager::<SqliteConnection>::new(file);
        let pool = Pool::builder()
            .max_size(1)
            .test_on_check_out(true)
            .build(manager)
            .unwrap();
        for _ in 0..2 {
            let (context, id) = request();
            let _attached = context.attach();
            let mut connection = pool.get().unwrap();
            stock.count().get_result::<i64>(&mut connection).unwrap();
            let last = capture.spans().pop().unwrap();
            assert_eq!(last.parent_span_id, id);
        }
        assert_eq!(names(&capture), expected);
        assert_eq!(measured(&capture), expected.len() as u64);
    }
}

fn a_connection_with_its_own_is_recorded_by_that_alone(file: &str) {
    let (installed, own) = (Capture::new(), Capture::new());
    install(&installed, false);
    let mut connection = SqliteConnection::establish(file).unwrap();
    let config = DatabaseConfig::new().providers(own.providers());
    connection.set_instrumentation(OtelInstrumentation::with_config(config).database_url(file));
    stock.count().get_result::<i64>(&mut connection).unwrap();
    assert_eq!(names(&own), ["SELECT `stock`"]);
    assert_eq!(installed.spans().len(), 0);
}
