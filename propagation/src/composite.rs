//! Several formats side by side, as `OTEL_PROPAGATORS` asks for them.
//!
//! The API's `TextMapCompositePropagator` can neither be cloned nor does it list its fields in the
//! same order twice.

use std::sync::Arc;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

/// Runs several propagators one after the other, in the order they were given.
///
/// On extraction each one works on the context that the one before it returned, so where two carry
/// the same thing, a trace for instance, the last that finds a valid one decides. On injection
/// every one of them writes its headers. Without propagators nothing is read and nothing written.
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
    /// Combines `propagators`. An empty list is legal: nothing is read then, and nothing written.
    /// As the global propagator it counts as not set, see [`extract`](crate::extract).
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
