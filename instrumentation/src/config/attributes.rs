//! What hooks add to spans and metrics.

use opentelemetry::KeyValue;

use crate::semconv;

/// Attributes that a hook adds, such as that of
/// [`ServerConfig::attributes`](crate::ServerConfig::attributes).
///
/// That a value becomes a label of a metric is always said explicitly, because every distinct
/// value makes a time series. What the conventions themselves find out by the end, such as the
/// status code, `http.route` or `error.type`, is theirs: of those names nothing is added.
#[derive(Debug, Default)]
pub struct Attributes {
    pub(crate) span: Vec<KeyValue>,
    pub(crate) labels: Vec<KeyValue>,
    pub(crate) is_expected: bool,
}

impl Attributes {
    pub(crate) fn new(span: Vec<KeyValue>, labels: Vec<KeyValue>) -> Self {
        Self {
            span,
            labels,
            is_expected: false,
        }
    }

    /// Adds an attribute to the span; it replaces one of the same name.
    pub fn span(&mut self, attribute: KeyValue) {
        replace_or_push(&mut self.span, attribute);
    }

    /// Adds a label to the metrics only.
    pub fn metric(&mut self, label: KeyValue) {
        replace_or_push(&mut self.labels, label);
    }

    /// Adds an attribute to the span and a label to its metrics.
    pub fn both(&mut self, attribute: KeyValue) {
        self.metric(attribute.clone());
        self.span(attribute);
    }

    /// This outcome is none of the errors that the convention takes it for: a 404 that is an answer,
    /// a stream of events whose reader has left. Span and metrics have no error then, unless one is
    /// reported by other means: an [`ErrorType`](crate::ErrorType), a panic, a body that breaks.
    ///
    /// Ignored in the hook for the request.
    pub fn expected(&mut self) {
        self.is_expected = true;
    }
}

/// The SDK exports a key that is given twice twice, so what comes at the end cannot be here too.
fn replace_or_push(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    if semconv::FOUND_BY_THE_END.contains(&attribute.key.as_str()) {
        return;
    }
    match attributes
        .iter_mut()
        .find(|known| known.key == attribute.key)
    {
        Some(known) => *known = attribute,
        None => attributes.push(attribute),
    }
}
