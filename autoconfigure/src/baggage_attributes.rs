//! Copies baggage to attributes, so that values set by another service can be searched for.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::InstrumentationScope;
use opentelemetry::Key;
use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::logs::LogRecord;
use opentelemetry::trace::Span as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::LogProcessor;
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::trace::Span;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanProcessor;

/// Copies the allowed members of the baggage to spans when they start, and to log records. It runs
/// before the processors that export them.
#[derive(Clone, Debug)]
pub(crate) struct BaggageAttributes(Arc<[Key]>);

impl BaggageAttributes {
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self(keys.into_iter().map(Key::from).collect())
    }

    fn allowed<'a>(&'a self, cx: &'a Context) -> impl Iterator<Item = KeyValue> + 'a {
        let baggage = cx.baggage();
        self.0.iter().filter_map(|key| {
            let value = baggage.get(key.as_str())?;
            Some(KeyValue::new(key.clone(), value.clone()))
        })
    }
}

impl SpanProcessor for BaggageAttributes {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        for attribute in self.allowed(cx) {
            span.set_attribute(attribute);
        }
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl LogProcessor for BaggageAttributes {
    fn emit(&self, record: &mut SdkLogRecord, _: &InstrumentationScope) {
        Context::map_current(|cx| {
            for attribute in self.allowed(cx) {
                let value = attribute.value.as_str().into_owned();
                record.add_attribute(attribute.key, value);
            }
        });
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
