//! Runs a scenario.

use std::time::Duration;

use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, global};
use otel_instrumentation::testing::Capture;
use otel_instrumentation::{DatabaseConfig, Providers};
use otel_propagation::spawn_blocking_with_context;
use tokio::runtime::Handle;

use crate::driver::Driver;
use crate::expected::check;
use crate::scenario::{End, Scenario, Step, Surroundings};
use crate::scenarios::queries::a_query_is_one_span_and_one_point;

/// Lets the driver do what the scenario says, and compares.
pub async fn run<D: Driver>(scenario: &'static Scenario) {
    let capture = Capture::new();
    let providers = match scenario.surroundings {
        Surroundings::WithoutSdk => Providers::global(),
        _ => capture.providers(),
    };
    let driver = D::open(config(scenario, providers)).await;
    let context = match scenario.surroundings {
        Surroundings::Suppressed => request().with_telemetry_suppressed(),
        _ => request(),
    };
    match scenario.surroundings {
        Surroundings::SpawnBlocking => {
            let runtime = Handle::current();
            let calls = move || runtime.block_on(steps(driver, scenario));
            spawn_blocking_with_context(context, calls).await.unwrap();
        }
        _ => steps(driver, scenario).with_context(context).await,
    }
    check::<D>(&capture, scenario, PARENT);
}

/// The global providers are set after the driver's first call: this needs a process of its own.
pub async fn late_providers<D: Driver>() {
    let scenario = &a_query_is_one_span_and_one_point;
    let mut driver = D::open(config(scenario, Providers::global())).await;
    let early = driver.step(&EARLY).with_context(request());
    assert_eq!(early.await, End::NoRow);

    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    global::set_meter_provider(capture.meter_provider().clone());
    steps(driver, scenario).with_context(request()).await;
    check::<D>(&capture, scenario, PARENT);
}

async fn steps<D: Driver>(mut driver: D, scenario: &'static Scenario) {
    for (step, end) in scenario.steps {
        assert_eq!(driver.step(step).await, D::of(end), "{step:?}");
    }
}

/// Hides waits for a connection, unless the scenario is about them.
fn config(scenario: &Scenario, providers: Providers) -> DatabaseConfig {
    let config = DatabaseConfig::new().acquire_threshold(Duration::MAX);
    (scenario.config)(config).providers(providers)
}

/// A request of another service, which the calls are part of.
fn request() -> Context {
    let span = SpanContext::new(
        TraceId::from_bytes([7; 16]),
        PARENT,
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    Context::new().with_remote_span_context(span)
}

const PARENT: SpanId = SpanId::from_bytes([7; 8]);

/// Runs before the providers are set.
static EARLY: Step = Step::One(("SELECT name FROM stock WHERE sku = $1", &["A-9"]));
