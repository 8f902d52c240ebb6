//! Limits of a span.
//!
//! The SDK limits the number of attributes, events and links, but does not shorten values. That is
//! done here, after the span has ended.

use std::time::Duration;

use opentelemetry::Array;
use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::StringValue;
use opentelemetry::Value;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::Span;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanLimits;
use opentelemetry_sdk::trace::SpanProcessor;

use crate::environment::Environment;

/// `OTEL_SPAN_*_LIMIT`, `OTEL_EVENT_*_LIMIT`, `OTEL_LINK_*_LIMIT`, and their fallbacks.
pub(crate) fn span_limits(environment: &Environment) -> SpanLimits {
    let number = |name, default| environment.number(name, 0, default);
    let attributes = number("OTEL_ATTRIBUTE_COUNT_LIMIT", COUNT);
    SpanLimits {
        max_attributes_per_span: number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", attributes),
        max_events_per_span: number("OTEL_SPAN_EVENT_COUNT_LIMIT", COUNT),
        max_links_per_span: number("OTEL_SPAN_LINK_COUNT_LIMIT", COUNT),
        max_attributes_per_event: number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", COUNT),
        max_attributes_per_link: number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", COUNT),
    }
}

/// How many characters of a value are kept; `None` keeps all.
pub(crate) fn value_length(environment: &Environment) -> Option<usize> {
    [
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ]
    .into_iter()
    .find_map(|name| environment.optional_number(name, 0, &"no limit"))
    .map(|length| length as usize)
}

/// Shortens the values of attributes before the next processor sees them.
#[derive(Debug)]
pub(crate) struct Shortening<P> {
    pub(crate) length: Option<usize>,
    pub(crate) next: P,
}

impl<P: SpanProcessor> SpanProcessor for Shortening<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.next.on_start(span, cx);
    }

    fn on_end(&self, mut span: SpanData) {
        if let Some(length) = self.length {
            let events = span.events.events.iter_mut();
            let links = span.links.links.iter_mut();
            span.attributes
                .iter_mut()
                .chain(events.flat_map(|event| &mut event.attributes))
                .chain(links.flat_map(|link| &mut link.attributes))
                .for_each(|attribute| shorten(attribute, length));
        }
        self.next.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

fn shorten(attribute: &mut KeyValue, length: usize) {
    match &mut attribute.value {
        Value::String(text) => shorten_text(text, length),
        Value::Array(Array::String(texts)) => {
            texts.iter_mut().for_each(|text| shorten_text(text, length));
        }
        _ => {}
    }
}

fn shorten_text(text: &mut StringValue, length: usize) {
    if let Some((end, _)) = text.as_str().char_indices().nth(length) {
        *text = text
            .as_str()
            .get(..end)
            .unwrap_or_default()
            .to_owned()
            .into();
    }
}

const COUNT: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;

    #[test]
    fn general_limit_is_that_of_spans_unless_they_have_their_own() {
        for (general, own, expected) in [("", "", 128), ("9", "", 9), ("9", "4", 4)] {
            let limits = span_limits(&environment(&[
                ("OTEL_ATTRIBUTE_COUNT_LIMIT", general),
                ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", own),
            ]));
            assert_eq!(limits.max_attributes_per_span, expected);
            assert_eq!(limits.max_attributes_per_event, 128);
            assert_eq!(limits.max_attributes_per_link, 128);
        }
    }

    #[test]
    fn values_are_cut_between_characters() {
        for (text, length, expected) in [
            ("größer", 3, "grö"),
            ("größer", 6, "größer"),
            ("größer", 0, ""),
            ("", 3, ""),
        ] {
            let mut attribute = KeyValue::new("key", text);
            shorten(&mut attribute, length);
            assert_eq!(attribute, KeyValue::new("key", expected));
        }
        let mut number = KeyValue::new("key", 12_345);
        shorten(&mut number, 1);
        assert_eq!(number, KeyValue::new("key", 12_345));
    }
}
