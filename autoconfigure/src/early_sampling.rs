//! Asks the environment's sampler before a span is built: it only looks at parent and trace id.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use opentelemetry::Context;
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::SpanId;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::trace::TraceFlags;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::IdGenerator;
use opentelemetry_sdk::trace::RandomIdGenerator;
use opentelemetry_sdk::trace::Sampler;
use opentelemetry_sdk::trace::SamplingDecision;
use opentelemetry_sdk::trace::ShouldSample;
use otel_instrumentation::EarlyDecision;
use otel_instrumentation::EarlySampler;
use otel_instrumentation::proposed_trace_id;

/// A sampler of the environment that may reject spans.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    sampler: Sampler,
    ids: RandomIdGenerator,
    /// Whether the provider accepts spans.
    is_open: Arc<AtomicBool>,
}

impl Early {
    /// `None` if the sampler rejects nothing, so that there is nothing to ask.
    pub(crate) fn new(sampler: Sampler, is_open: &Arc<AtomicBool>) -> Option<Self> {
        if let Sampler::AlwaysOn = sampler {
            return None;
        }
        Some(Self {
            sampler,
            ids: RandomIdGenerator::default(),
            is_open: Arc::clone(is_open),
        })
    }

    /// Whether the sampler rejects the span. It ignores the name.
    fn is_against(&self, parent: &Context, trace_id: TraceId) -> bool {
        // The SDK's rule, but without a copy of the tracestate.
        if let Sampler::ParentBased(_) = self.sampler
            && parent.has_active_span()
        {
            return !parent.span().span_context().is_sampled();
        }
        let kind = SpanKind::Internal;
        let result = self
            .sampler
            .should_sample(Some(parent), trace_id, "", &kind, &[], &[]);
        result.decision == SamplingDecision::Drop
    }
}

impl EarlySampler for Early {
    fn decide(&self, parent: &Context) -> EarlyDecision {
        if !self.is_open.load(Ordering::Relaxed) {
            return EarlyDecision::Unknown;
        }
        let span = parent.span();
        let above = span.span_context();
        let is_child = above.is_valid();
        let trace_id = match is_child {
            true => above.trace_id(),
            false => self.ids.new_trace_id(),
        };
        if self.is_against(parent, trace_id) {
            return EarlyDecision::Unsampled(SpanContext::new(
                trace_id,
                self.ids.new_span_id(),
                TraceFlags::default(),
                false,
                above.trace_state().clone(),
            ));
        }
        // The SDK decides alike for a child, and for a root with the same trace id.
        match is_child {
            true => EarlyDecision::Unknown,
            false => EarlyDecision::Root(trace_id),
        }
    }
}

/// Random ids, except for the traces that [`Early`] has begun.
#[derive(Debug, Default)]
pub(crate) struct ProposedIds(RandomIdGenerator);

impl IdGenerator for ProposedIds {
    fn new_trace_id(&self) -> TraceId {
        proposed_trace_id().unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use opentelemetry::metrics::noop::NoopMeterProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use otel_instrumentation::EarlySampled;
    use otel_instrumentation::HttpServerInstrumentation;
    use otel_instrumentation::Operation;
    use otel_instrumentation::Providers;
    use otel_instrumentation::Request;
    use otel_instrumentation::ServerConfig;
    use otel_instrumentation::instrumentation_scope;
    use otel_propagation::CompositePropagator;
    use otel_propagation::TraceContextPropagator;

    use super::*;

    const SAMPLED: &str = "00-ffffffffffffffffffffffffffffffff-00f067aa0ba902b7-01";
    const UNSAMPLED: &str = "00-ffffffffffffffffffffffffffffffff-00f067aa0ba902b7-00";
    const LOW: &str = "00-00000000000000000000000000000001-00f067aa0ba902b7-00";

    /// Requests to a server with the sampler, early or not.
    fn server(sampler: &Sampler, is_early: bool) -> HttpServerInstrumentation {
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler.clone())
            .with_id_generator(ProposedIds::default())
            .build();
        let is_open = Arc::new(AtomicBool::new(true));
        let early = Early::new(sampler.clone(), &is_open).filter(|_| is_early);
        let providers = match early {
            Some(early) => {
                Providers::new(EarlySampled::new(provider, early), NoopMeterProvider::new())
            }
            None => Providers::new(provider, NoopMeterProvider::new()),
        };
        let w3c = CompositePropagator::new(vec![Box::new(TraceContextPropagator::new())]);
        let config = ServerConfig::new().providers(providers.with_propagator(w3c));
        HttpServerInstrumentation::new(instrumentation_scope("test", "1"), config)
    }

    fn start(server: &HttpServerInstrumentation, traceparent: Option<&str>) -> Operation {
        let mut headers = HashMap::new();
        if let Some(traceparent) = traceparent {
            headers.insert("traceparent".to_owned(), traceparent.to_owned());
            headers.insert("tracestate".to_owned(), "shop=1".to_owned());
        }
        server.start(&Request::new("GET", "/", &headers))
    }

    #[test]
    fn asked_early_or_late_a_sampler_says_the_same() {
        let parent_based = |root| Sampler::ParentBased(Box::new(root));
        let samplers = [
            Sampler::AlwaysOn,
            Sampler::AlwaysOff,
            Sampler::TraceIdRatioBased(0.0),
            Sampler::TraceIdRatioBased(0.5),
            Sampler::TraceIdRatioBased(1.0),
            parent_based(Sampler::AlwaysOn),
            parent_based(Sampler::AlwaysOff),
            parent_based(Sampler::TraceIdRatioBased(0.5)),
        ];
        for sampler in samplers {
            for parent in [SAMPLED, UNSAMPLED, LOW] {
                let [early, late] = [true, false].map(|is_early| {
                    let operation = start(&server(&sampler, is_early), Some(parent));
                    let span = operation.context().span();
                    let context = span.span_context();
                    assert!(context.is_valid() && !context.is_remote());
                    let (trace_id, flags) = (context.trace_id(), context.trace_flags());
                    let state = context.trace_state().header();
                    (trace_id, flags, state, span.is_recording())
                });
                assert_eq!(early, late, "{sampler:?} {parent}");
            }
        }
    }

    #[test]
    fn a_root_that_is_sampled_early_is_not_sampled_again() {
        const ROOTS: usize = 1_000;
        for sampler in [
            Sampler::TraceIdRatioBased(0.5),
            Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(0.5))),
        ] {
            let server = server(&sampler, true);
            let mut sampled = 0;
            for _ in 0..ROOTS {
                let operation = start(&server, None);
                let span = operation.context().span();
                let context = span.span_context();
                let result = Sampler::TraceIdRatioBased(0.5).should_sample(
                    None,
                    context.trace_id(),
                    "",
                    &SpanKind::Server,
                    &[],
                    &[],
                );
                let is_sampled = result.decision == SamplingDecision::RecordAndSample;
                assert_eq!(context.is_sampled(), is_sampled);
                assert_eq!(span.is_recording(), is_sampled);
                sampled += usize::from(is_sampled);
            }
            // Sampling twice would give a quarter. The range is six standard deviations of 16.
            assert!((404..=596).contains(&sampled), "{sampler:?}: {sampled}");
            assert_eq!(proposed_trace_id(), None);
        }
    }

    #[test]
    fn nothing_is_decided_after_the_end() {
        let is_open = Arc::new(AtomicBool::new(true));
        let early = Early::new(Sampler::AlwaysOff, &is_open).map(|it| it.decide(&Context::new()));
        assert!(matches!(early, Some(EarlyDecision::Unsampled(_))));
        is_open.store(false, Ordering::Relaxed);
        let late = Early::new(Sampler::AlwaysOff, &is_open).map(|it| it.decide(&Context::new()));
        assert_eq!(late, Some(EarlyDecision::Unknown));
    }
}
