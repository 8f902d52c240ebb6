//! Several formats side by side, as `OTEL_PROPAGATORS` lists them.
//!
//! The API's `TextMapCompositePropagator` cannot be cloned, and the order of its fields changes
//! from call to call.

use std::sync::Arc;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

/// Runs several propagators one after the other, in the order they were given.
///
/// On extraction, each one receives the context that the one before it returned. If two carry the
/// same thing, for instance a trace, the last one that finds a valid one wins. On injection, every
/// one writes its headers. Without propagators, nothing is read or written.
///
/// Clones share the propagators.
///
/// ```
/// use opentelemetry::propagation::TextMapPropagator;
/// use otel_propagation::{BaggagePropagator, CompositePropagator, TraceContextPropagator};
///
/// let propagator = CompositePropagator::new(vec![
///     Box::new(TraceContextPropagator::new()),
///     Box::new(BaggagePropagator::new()),
/// ]);
/// assert!(propagator.fields().eq(["traceparent", "tracestate", "baggage"]));
/// ```
#[derive(Clone, Debug)]
pub struct CompositePropagator {
    propagators: Arc<[Box<dyn TextMapPropagator + Send + Sync>]>,
    fields: Arc<[String]>,
}

impl CompositePropagator {
    /// Combines `propagators`. An empty list is legal: nothing is read or written then. As the
    /// global propagator, an empty composite counts as not set; see [`extract`](crate::extract).
    pub fn new(propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>>) -> Self {
        let mut fields: Vec<String> = Vec::new();
        for field in propagators
            .iter()
            .flat_map(|propagator| propagator.fields())
        {
            if !fields.iter().any(|known| known == field) {
                fields.push(field.to_owned());
            }
        }
        Self {
            propagators: propagators.into(),
            fields: fields.into(),
        }
    }
}

impl TextMapPropagator for CompositePropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        for propagator in self.propagators.iter() {
            propagator.inject_context(context, injector);
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        self.propagators
            .iter()
            .fold(context.clone(), |context, propagator| {
                propagator.extract_with_context(&context, extractor)
            })
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use opentelemetry::{baggage::BaggageExt, trace::TraceContextExt};

    use super::*;
    use crate::{BaggagePropagator, TraceContextPropagator};

    #[test]
    fn every_propagator_takes_part() {
        let received = HashMap::from([
            ("traceparent".to_owned(), PARENT.to_owned()),
            ("baggage".to_owned(), "a=1".to_owned()),
        ]);
        let propagator = CompositePropagator::new(vec![
            Box::new(BaggagePropagator::new()),
            Box::new(TraceContextPropagator::new()),
        ]);

        let context = propagator
            .clone()
            .extract_with_context(&Context::new(), &received);
        let mut sent = HashMap::new();
        propagator.inject_context(&context, &mut sent);

        assert_eq!(context.baggage().len(), 1);
        assert!(context.span().span_context().is_valid());
        assert_eq!(sent, received);
    }

    #[test]
    fn fields_keep_their_order_and_are_listed_once() {
        let propagator = CompositePropagator::new(vec![
            Box::new(BaggagePropagator::new()),
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]);

        assert!(
            propagator
                .fields()
                .eq(["baggage", "traceparent", "tracestate"])
        );
    }

    #[test]
    fn without_propagators_nothing_happens() {
        let received = HashMap::from([("traceparent".to_owned(), PARENT.to_owned())]);
        let propagator = CompositePropagator::new(Vec::new());

        let context = propagator.extract_with_context(&Context::new(), &received);

        assert!(!context.has_active_span());
        assert_eq!(propagator.fields().next(), None);
    }

    const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";
}
