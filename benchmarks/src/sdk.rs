//! The SDK as an application sets it up, once for each version that a column needs.

use crate::setup::Setup;

/// The needs of a column besides the providers.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// The SDK's W3C propagator as the global one, which peers need.
    pub propagator: bool,
    /// A `tracing` subscriber that creates OpenTelemetry spans.
    pub subscriber: bool,
    /// A sampler that can be asked early, as `otel_autoconfigure::init` sets it up.
    pub early: bool,
}

macro_rules! sdk {
    ($version:ident, $api:ident, $sdk:ident, $tracing:ident, $early:path) => {
        #[doc = concat!("Set up with `", stringify!($api), "`.")]
        pub mod $version {
            use std::collections::HashMap;
            use std::time::Duration;

            use tracing_subscriber::layer::SubscriberExt;
            use $api::propagation::TextMapPropagator;
            use $api::trace::TracerProvider;
            use $api::{Context, global};
            use $sdk::error::OTelSdkResult;
            use $sdk::metrics::data::ResourceMetrics;
            use $sdk::metrics::exporter::PushMetricExporter;
            use $sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
            use $sdk::propagation::TraceContextPropagator;
            use $sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};

            use super::{Needs, Setup};
            use crate::setup::tracestate;
            use crate::verify::{METRICS, SPANS, Seen, is_watching};

            /// Sets the global providers, and returns a function that exports the metrics at once.
            pub fn install(setup: Setup, needs: Needs) -> Box<dyn Fn()> {
                if needs.propagator {
                    global::set_text_map_propagator(TraceContextPropagator::new());
                }
                if !setup.has_sdk() {
                    return Box::new(|| {});
                }
                let tracers = SdkTracerProvider::builder()
                    .with_span_processor(Dropping)
                    .build();
                if needs.subscriber {
                    let layer = $tracing::layer().with_tracer(tracers.tracer("benchmarks"));
                    let subscriber = tracing_subscriber::registry().with(layer);
                    let _ = tracing::subscriber::set_global_default(subscriber);
                }
                if !needs.early {
                    global::set_tracer_provider(tracers);
                } else {
                    $early(tracers);
                }
                if !setup.has_metrics() {
                    return Box::new(|| {});
                }
                // The interval is so long that no collection falls into a measurement.
                let reader = PeriodicReader::builder(Dropping)
                    .with_interval(Duration::from_secs(86_400))
                    .build();
                let meters = SdkMeterProvider::builder().with_reader(reader).build();
                global::set_meter_provider(meters.clone());
                Box::new(move || {
                    let _ = meters.force_flush();
                })
            }

            /// Makes the caller's context the current one of this thread, for its whole life.
            pub fn attach_caller(setup: Setup) {
                let mut headers = HashMap::new();
                headers.insert("traceparent".to_owned(), setup.traceparent().to_owned());
                if let Some(tracestate) = tracestate() {
                    headers.insert("tracestate".to_owned(), tracestate.to_owned());
                }
                let context = TraceContextPropagator::new().extract(&headers);
                std::mem::forget(context.attach());
            }

            #[derive(Debug)]
            struct Dropping;

            impl SpanProcessor for Dropping {
                fn on_start(&self, _span: &mut Span, _context: &Context) {}

                fn on_end(&self, span: SpanData) {
                    if let (true, Ok(mut spans)) = (is_watching(), SPANS.lock()) {
                        spans.push(seen(&span));
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

            fn seen(span: &SpanData) -> Seen {
                let attributes = span.attributes.iter();
                Seen {
                    name: span.name.to_string(),
                    kind: format!("{:?}", span.span_kind),
                    trace_id: span.span_context.trace_id().to_string(),
                    parent_id: span.parent_span_id.to_string(),
                    attributes: attributes
                        .map(|it| (it.key.to_string(), it.value.to_string()))
                        .collect(),
                }
            }

            impl PushMetricExporter for Dropping {
                async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
                    if let Ok(mut names) = METRICS.lock() {
                        let scopes = metrics.scope_metrics();
                        let metrics = scopes.flat_map(|scope| scope.metrics());
                        names.extend(metrics.map(|metric| metric.name().to_owned()));
                    }
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
        }
    };
}

sdk!(
    v0_33,
    opentelemetry,
    opentelemetry_sdk,
    tracing_opentelemetry,
    crate::early::install
);
sdk!(
    v0_32,
    opentelemetry_0_32,
    opentelemetry_sdk_0_32,
    tracing_opentelemetry_0_33,
    drop
);
