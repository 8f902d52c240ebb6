//! The SDK as an application sets it up. Spans are counted and dropped.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, global};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};

use crate::setup::{PARENT_ID, Setup, TRACE_ID, tracestate};

/// The number of ended spans.
pub static ENDED: AtomicU32 = AtomicU32::new(0);
/// Whether one of them was not as expected.
pub static IS_WRONG: AtomicBool = AtomicBool::new(false);
/// The exported metrics.
static METRICS: AtomicU32 = AtomicU32::new(0);

/// Exports the metrics, if there are some.
pub type Flush = Box<dyn Fn()>;

/// Sets the global providers of the set-up; `set` is for that of spans.
pub fn install(setup: Setup, set: impl FnOnce(SdkTracerProvider)) -> Flush {
    attach_caller(setup);
    if !setup.has_sdk() {
        return Box::new(|| {});
    }
    let tracers = SdkTracerProvider::builder();
    set(tracers.with_span_processor(Dropping).build());
    if !setup.has_metrics() {
        return Box::new(|| {});
    }
    // So rarely that no collection disturbs a measurement.
    let reader = PeriodicReader::builder(Dropping);
    let reader = reader.with_interval(Duration::from_secs(86_400)).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    global::set_meter_provider(meters.clone());
    Box::new(move || {
        let _ = meters.force_flush();
    })
}

/// Fails unless this number of queries has recorded everything that it must.
///
/// # Errors
///
/// What is wrong.
pub fn verify(setup: Setup, queries: u32, has_metrics: bool) -> Result<()> {
    let expected = match setup {
        Setup::A | Setup::B => 0,
        Setup::C | Setup::D => queries,
    };
    // oxtel's spans may end on the driver's thread after the caller has its rows.
    let deadline = Instant::now() + Duration::from_secs(10);
    while ENDED.load(Ordering::Relaxed) < expected && Instant::now() < deadline {
        std::thread::yield_now();
    }
    let ended = ENDED.load(Ordering::Relaxed);
    ensure!(ended == expected, "{ended} spans, and not {expected}");
    let is_wrong = IS_WRONG.load(Ordering::Relaxed);
    ensure!(!is_wrong, "a span has not what it has to have");
    let metrics = METRICS.load(Ordering::Relaxed);
    let is_expected = setup.has_metrics() && has_metrics;
    ensure!((metrics > 0) == is_expected, "{metrics} metrics");
    Ok(())
}

/// The caller's headers.
pub fn caller(setup: Setup) -> HashMap<String, String> {
    let traceparent = ("traceparent".to_owned(), setup.traceparent().to_owned());
    let tracestate = tracestate().map(|state| ("tracestate".to_owned(), state.to_owned()));
    [Some(traceparent), tracestate]
        .into_iter()
        .flatten()
        .collect()
}

/// Makes the caller's context the current one of this thread for ever.
fn attach_caller(setup: Setup) {
    let context = TraceContextPropagator::new().extract(&caller(setup));
    std::mem::forget(context.attach());
}

#[derive(Debug)]
struct Dropping;

impl SpanProcessor for Dropping {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        // Only the first span is checked.
        if ENDED.fetch_add(1, Ordering::Relaxed) == 0 {
            let is_right = span.span_kind == SpanKind::Client
                && span.span_context.trace_id().to_string() == TRACE_ID
                && span.parent_span_id.to_string() == PARENT_ID
                && span
                    .attributes
                    .iter()
                    .any(|it| it.key.as_str() == "db.query.text");
            IS_WRONG.store(!is_right, Ordering::Relaxed);
        }
        drop(std::hint::black_box(span));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl PushMetricExporter for Dropping {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let scopes = metrics.scope_metrics();
        let metrics = scopes.flat_map(|scope| scope.metrics());
        let durations = metrics.filter(|metric| metric.name() == "db.client.operation.duration");
        let count = durations.count().try_into().unwrap_or(u32::MAX);
        METRICS.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
