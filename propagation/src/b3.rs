//! B3, the format of Zipkin and of many service meshes.
//!
//! See <https://github.com/openzipkin/b3-propagation>.

mod message;
mod multiple;
mod single;

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use self::message::Message;

/// Carries the trace in the header `b3`, or in several that start with `x-b3-`.
///
/// Extraction takes both forms, whichever is configured: `b3` if it is valid, else the others.
/// Trace ids of 64 bits are padded with zeros. If neither form is valid, the context is returned
/// unchanged.
///
/// Injection writes the configured form, always with a trace id of 128 bits and never with a parent
/// span id. Without a valid span it writes nothing.
///
/// The debug state makes the remote span a sampled one and is passed on to the next service.
///
/// A state without a trace (`b3: 0`) becomes a remote span context that is not valid but carries
/// the flag. The SDK's `Sampler::ParentBased`, its default, obeys it; `ParentBasedSampler` asks its
/// root sampler instead, as OpenTelemetry's specification requires for invalid parents. Without an
/// SDK the state is passed on.
///
/// If the caller leaves the decision open, samplers see an unsampled parent: opentelemetry has
/// nothing in between. If you do not want that,
/// `ParentBasedSampler::with_remote_parent_not_sampled` can decide anew.
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

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}
