//! The sampler that decides as its part intends.

use std::fmt;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::TraceId;
use opentelemetry::trace::Link;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::SpanRef;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::trace::TraceState;
use opentelemetry_sdk::trace::SamplingDecision;
use opentelemetry_sdk::trace::SamplingResult;
use opentelemetry_sdk::trace::ShouldSample;

use super::composable::Composable;
use super::start::Start;
use super::threshold::randomness_of;
use super::trace_state;

/// Decides by the randomness of the trace, which is the same for every span and service, and writes
/// its threshold into the trace state.
#[derive(Clone)]
pub(crate) struct Composite(Arc<Composable>);

impl Composite {
    pub(crate) fn new(sampler: Composable) -> Self {
        Self(Arc::new(sampler))
    }
}

impl ShouldSample for Composite {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        _: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let span = parent.map(TraceContextExt::span);
        let parent = span.as_ref().map(SpanRef::span_context);
        let parent = parent.filter(|parent| parent.is_valid());
        let state = parent.map_or(TraceState::NONE, |parent| parent.trace_state().clone());
        let intent = self.0.intent(&Start {
            parent,
            kind,
            attributes,
        });
        let is_sampled = intent.threshold.is_some_and(|threshold| {
            let explicit = trace_state::randomness(&state);
            threshold.samples(explicit.unwrap_or_else(|| randomness_of(trace_id)))
        });
        let said = intent
            .threshold
            .filter(|_| is_sampled && intent.is_reliable);
        SamplingResult {
            decision: match is_sampled {
                true => SamplingDecision::RecordAndSample,
                false => SamplingDecision::Drop,
            },
            attributes: Vec::new(),
            trace_state: trace_state::with_threshold(state, said),
        }
    }
}

/// Short, because it is part of the message at the start.
impl fmt::Debug for Composite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Composable::RuleBased(rules) => write!(f, "Composite({} rules)", rules.len()),
            other => write!(f, "Composite({other:?})"),
        }
    }
}

#[cfg(test)]
#[path = "composite_tests.rs"]
mod tests;
