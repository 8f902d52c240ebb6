//! Spans.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;

use crate::sender::Batch;
use crate::sender::Sender;

/// Exports spans by OTLP; made by [`ExporterBuilder::spans`](crate::ExporterBuilder::spans).
#[derive(Debug)]
pub struct SpanExporter {
    sender: Sender,
    resource: ResourceAttributesWithSchema,
}

impl SpanExporter {
    pub(crate) fn new(sender: Sender) -> Self {
        Self {
            sender,
            resource: ResourceAttributesWithSchema::default(),
        }
    }
}

impl opentelemetry_sdk::trace::SpanExporter for SpanExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = Spans {
            spans: &batch,
            resource: &self.resource,
        };
        self.sender.export(spans).await
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sender.shut_down()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

struct Spans<'a> {
    spans: &'a [SpanData],
    resource: &'a ResourceAttributesWithSchema,
}

impl Batch for Spans<'_> {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn items(&self, parts: Range<usize>) -> u64 {
        parts.len() as u64
    }

    fn encode(&mut self, parts: Range<usize>) -> Bytes {
        let spans = self.spans.get(parts).unwrap_or_default().to_vec();
        let resource_spans = group_spans_by_resource_and_scope(spans, self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        request.encode_to_vec().into()
    }
}
