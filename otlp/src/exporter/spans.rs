//! Spans.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;

use crate::encode::EncodedSpans;
use crate::encode::SpanEncoder;
use crate::sender::Batch;
use crate::sender::Sender;

/// Exports spans over OTLP; created by [`ExporterBuilder::spans`](crate::ExporterBuilder::spans).
#[derive(Debug)]
pub struct SpanExporter {
    sender: Sender,
    encoder: SpanEncoder,
}

impl SpanExporter {
    pub(crate) fn new(sender: Sender) -> Self {
        Self {
            sender,
            encoder: SpanEncoder::new(&Resource::builder_empty().build()),
        }
    }
}

impl opentelemetry_sdk::trace::SpanExporter for SpanExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = self.encoder.encode(&batch);
        // Delivery can take minutes.
        drop(batch);
        self.sender.export(spans).await
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sender.shut_down()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.encoder = SpanEncoder::new(resource);
    }
}

impl Batch for EncodedSpans {
    fn len(&self) -> usize {
        self.len()
    }

    fn items(&self, parts: Range<usize>) -> u64 {
        parts.len() as u64
    }

    fn encode(&mut self, parts: Range<usize>) -> Bytes {
        self.request(&parts)
    }

    fn fitting(&self, parts: &Range<usize>, largest: usize) -> usize {
        self.fitting(parts, largest)
    }
}
