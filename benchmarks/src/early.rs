//! The SDK's default sampler, asked before a span is built.

use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags};
use opentelemetry::{Context, global};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider};
use otel_instrumentation::{EarlyDecision, EarlySampled, EarlySampler};

/// Sets a global provider whose sampler is the SDK's default.
pub fn install(tracers: SdkTracerProvider) {
    global::set_tracer_provider(EarlySampled::new(tracers, ByParent));
}

#[derive(Debug)]
struct ByParent;

impl EarlySampler for ByParent {
    fn decide(&self, parent: &Context) -> EarlyDecision {
        let span = parent.span();
        let parent = span.span_context();
        if !parent.is_valid() || parent.is_sampled() {
            return EarlyDecision::Unknown;
        }
        EarlyDecision::Unsampled(SpanContext::new(
            parent.trace_id(),
            RandomIdGenerator::default().new_span_id(),
            TraceFlags::NOT_SAMPLED,
            false,
            parent.trace_state().clone(),
        ))
    }
}
