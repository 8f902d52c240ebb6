//! With the default settings, no value is recorded.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection, StrQueryHelper};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use otel_instrumentation::testing::Capture;
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation};

use self::support::stock::dsl::{name, quantity, sku, stock};
use self::support::{DURATION, open};

#[test]
fn no_value_gets_anywhere() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().providers(capture.providers());
    for url in [
        "postgres://ada:canary@db.internal/shop",
        "host=db.internal password='a canary' dbname=shop",
        "mysql://ada:canary@db.internal/shop",
        ":memory:",
    ] {
        let instrumentation = OtelInstrumentation::with_config(config.clone()).database_url(url);
        let mut debug = vec![
            format!("{instrumentation:?}"),
            format!("{:?}", instrumentation.clone()),
        ];
        let mut connection = open();
        connection.set_instrumentation(instrumentation);
        run(&mut connection);
        // The code that establishes a connection is instrumented, too.
        let established = connection.instrumentation();
        established.on_connection_event(InstrumentationEvent::start_establish_connection(url));
        established
            .on_connection_event(InstrumentationEvent::finish_establish_connection(url, None));
        established.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(
            "SELECT 'canary' -- binds: [\"canary\"]",
        )));
        let instrumentation = established.downcast_ref::<OtelInstrumentation>().unwrap();
        debug.push(format!("{instrumentation:?}"));
        drop(connection);
        debug.push(format!("{:?}", capture.spans()));
        debug.push(format!("{:?}", capture.points(DURATION)));
        for output in debug {
            assert!(!output.contains("canary"), "{output}");
        }
    }
    assert_eq!(capture.spans().len(), 4 * 12);
}

fn run(connection: &mut SqliteConnection) {
    let values = ["canary", "canary -- binds: [\"canary\"]", "]canary"];
    for value in values {
        stock
            .filter(sku.eq(value))
            .select(name)
            .load::<String>(connection)
            .unwrap();
        sql_query("SELECT sku FROM stock WHERE sku = ? AND name <> ' -- binds: '")
            .bind::<Text, _>(value)
            .execute(connection)
            .unwrap();
    }
    // In a text without bound values, and in the message of the database's error.
    sql_query("SELECT 'canary', ' -- binds: canary'")
        .execute(connection)
        .unwrap();
    connection
        .batch_execute("SELECT 'canary'; SELECT 'x -- binds: [1]', 'canary'")
        .unwrap();
    sql_query("SELECT 'canary' FRO 'canary")
        .execute(connection)
        .unwrap_err();
    connection
        .batch_execute("INSERT INTO missing VALUES ('canary')")
        .unwrap_err();
    diesel::insert_into(stock)
        .values((sku.eq("A-1"), name.eq("canary"), quantity.eq(1)))
        .execute(connection)
        .unwrap_err();
}
