//! The attributes that hooks add to spans and metrics.

use opentelemetry::KeyValue;

use crate::semconv;

/// Attributes that a hook adds, such as that of
/// [`ServerConfig::attributes`](crate::ServerConfig::attributes).
///
/// A value becomes a label of a metric only if you say so, because every distinct value makes a
/// time series. Names that the conventions set themselves at the end, such as the status code,
/// `http.route` or `error.type`, cannot be added here; they are ignored.
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

    /// Adds an attribute to the span. It replaces an attribute of the same name.
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

    /// Says that this outcome is not an error although the convention counts it as one. Examples
    /// are a 404 that is a valid answer, or a stream of events whose reader has disconnected. Span
    /// and metrics then have no error, unless it is reported in another way: by an
    /// [`ErrorType`](crate::ErrorType), a panic, or a body that fails.
    ///
    /// This is ignored in the hook for the request.
    pub fn expected(&mut self) {
        self.is_expected = true;
    }
}

/// The SDK exports a key twice if it is set twice, so keys that are set at the end are ignored
/// here.
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
