//! B3, the format of Zipkin and of many service meshes.
//!
//! See <https://github.com/openzipkin/b3-propagation>.

mod multiple;
mod single;

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, SpanId, TraceContextExt, TraceId, TraceState},
};

use crate::{hex, sampling::Sampling};

/// Carries the trace in the header `b3`, or in several that start with `x-b3-`.
///
/// Extraction takes both forms, whichever is configured: `b3` if it is valid, else the others.
/// Trace ids of 64 bits are filled up with zeros. Where neither form is valid, the context comes
/// back unchanged.
///
/// Injection writes the configured form, always with a trace id of 128 bits and never with a parent
/// span id, and nothing without a valid span.
///
/// The debug state makes the remote span a sampled one and is passed on to the next service.
///
/// A state without a trace (`b3: 0`) becomes a remote span context that is not valid but carries
/// the flag. The SDK's `Sampler::ParentBased`, its default, obeys it; `ParentBasedSampler` asks its
/// root sampler instead, as OpenTelemetry's specification has it for invalid parents. Without an
/// SDK the state is passed on.
///
/// If the caller leaves the decision open, samplers see an unsampled parent: opentelemetry has
/// nothing in between. `ParentBasedSampler::with_remote_parent_not_sampled` can decide anew where
/// that is not wanted.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::{Context, propagation::TextMapPropagator};
/// use otel_propagation::B3Propagator;
///
/// let received = HashMap::from([(
///     "b3".to_owned(),
///     "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d-05e3ac9a4f6e3b90".to_owned(),
/// )]);
/// let context = B3Propagator::new().extract_with_context(&Context::new(), &received);
///
/// let mut sent = HashMap::new();
/// B3Propagator::new().inject_context(&context, &mut sent);
/// assert_eq!(sent["b3"], "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d");
/// ```
#[derive(Clone, Debug, Default)]
pub struct B3Propagator {
    form: Form,
}

#[derive(Clone, Copy, Debug, Default)]
enum Form {
    #[default]
    Single,
    Multiple,
}

impl B3Propagator {
    /// Creates a propagator that writes the single header `b3`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a propagator that writes `x-b3-traceid`, `x-b3-spanid`, and `x-b3-sampled` or, for
    /// the debug state, `x-b3-flags`.
    ///
    /// ```
    /// use opentelemetry::propagation::TextMapPropagator;
    /// use otel_propagation::B3Propagator;
    ///
    /// assert!(B3Propagator::new().fields().eq(["b3"]));
    /// assert!(B3Propagator::multiple_headers().fields().any(|field| field == "x-b3-traceid"));
    /// ```
    pub fn multiple_headers() -> Self {
        Self {
            form: Form::Multiple,
        }
    }
}

impl TextMapPropagator for B3Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let Some(message) = Message::of(context) else {
            return;
        };
        match self.form {
            Form::Single => single::write(&message, injector),
            Form::Multiple => multiple::write(&message, injector),
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        match single::read(extractor).or_else(|| multiple::read(extractor)) {
            Some(message) => message.into_context(context),
            None => context.clone(),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        static SINGLE: LazyLock<Vec<String>> = LazyLock::new(|| owned(&single::FIELDS));
        static MULTIPLE: LazyLock<Vec<String>> = LazyLock::new(|| owned(&multiple::FIELDS));
        FieldIter::new(match self.form {
            Form::Single => &SINGLE,
            Form::Multiple => &MULTIPLE,
        })
    }
}

/// What the headers say, in either form.
#[derive(Debug, PartialEq)]
struct Message {
    /// Absent if the caller only has an opinion on sampling.
    ids: Option<Ids>,
    sampling: Sampling,
}

impl Message {
    fn of(context: &Context) -> Option<Self> {
        let span = context.span();
        let span_context = span.span_context();
        let ids = span_context.is_valid().then(|| Ids {
            trace_id: span_context.trace_id(),
            span_id: span_context.span_id(),
        });
        // Without a span only a decision that came in without a trace is passed on.
        if ids.is_none() && !(span_context.is_remote() && Sampling::is_alone_in(context)) {
            return None;
        }
        Some(Self {
            ids,
            sampling: Sampling::of(context, span_context),
        })
    }

    fn into_context(self, context: &Context) -> Context {
        // A decision alone must not hide a parent that another format has found.
        if self.ids.is_none() && context.span().span_context().is_valid() {
            return context.clone();
        }
        let (trace_id, span_id) = match self.ids {
            Some(ids) => (ids.trace_id, ids.span_id),
            None => (TraceId::INVALID, SpanId::INVALID),
        };
        let flags = self.sampling.flags();
        self.sampling
            .remember(context, trace_id)
            .with_remote_span_context(SpanContext::new(
                trace_id,
                span_id,
                flags,
                true,
                TraceState::NONE,
            ))
    }
}

#[derive(Debug, PartialEq)]
struct Ids {
    trace_id: TraceId,
    span_id: SpanId,
}

impl Ids {
    /// Reads ids of full length, or a trace id of 64 bits.
    fn parse(trace_id: &str, span_id: &str) -> Option<Self> {
        let trace_id = match hex::decode::<16>(trace_id.as_bytes()) {
            Some(short) => TraceId::from(short),
            None => hex::trace_id(trace_id.as_bytes())?,
        };
        let ids = Self {
            trace_id,
            span_id: hex::span_id(span_id.as_bytes())?,
        };
        (ids.trace_id != TraceId::INVALID).then_some(ids)
    }
}

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}
