//! The global providers are set after the connection was made, and used before: a process of its own.

mod support;

use diesel::prelude::*;
use opentelemetry::global;
use otel_instrumentation::testing::Capture;

use self::support::stock::dsl::stock;
use self::support::{measured, names};

#[test]
fn providers_that_come_late_are_found() {
    otel_middleware_diesel::install().unwrap();
    let mut connection = support::open();
    stock.count().get_result::<i64>(&mut connection).unwrap();

    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    global::set_meter_provider(capture.meter_provider().clone());
    stock.count().get_result::<i64>(&mut connection).unwrap();
    assert_eq!(names(&capture), ["SELECT `stock`"]);
    assert_eq!(measured(&capture), 1);
}
