//! The test of the README, literally.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use otel_middleware_diesel::testing::Capture;
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation};

#[test]
fn query_is_traced() -> Result<(), Box<dyn std::error::Error>> {
    let capture = Capture::new();
    let config = DatabaseConfig::new().providers(capture.providers());
    let mut connection = SqliteConnection::establish(":memory:")?;
    connection.set_instrumentation(OtelInstrumentation::with_config(config));

    let left: i32 = diesel::select(sql::<Integer>("7")).get_result(&mut connection)?;
    assert_eq!(left, 7);

    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].name, "SELECT");
    assert_eq!(capture.points("db.client.operation.duration").len(), 1);
    Ok(())
}
