//! Spans.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use opentelemetry_proto::tonic::trace::v1::ScopeSpans;
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
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let spans = Spans(ExportTraceServiceRequest { resource_spans });
        self.sender.export(spans).await
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sender.shut_down()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

struct Spans(ExportTraceServiceRequest);

impl Batch for Spans {
    fn len(&self) -> usize {
        let scopes = self.0.resource_spans.iter();
        let scopes = scopes.flat_map(|resource| &resource.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum()
    }

    fn items(&self, parts: Range<usize>) -> u64 {
        parts.len() as u64
    }

    fn encode(&mut self, parts: Range<usize>) -> Bytes {
        if parts == (0..self.len()) {
            return self.0.encode_to_vec().into();
        }
        let mut index = 0;
        let resource_spans = self.0.resource_spans.iter().map(|resource| {
            let scopes = resource.scope_spans.iter().map(|scope| {
                let spans = scope.spans.iter().filter(|_| {
                    let is_part = parts.contains(&index);
                    index += 1;
                    is_part
                });
                ScopeSpans {
                    spans: spans.cloned().collect(),
                    scope: scope.scope.clone(),
                    schema_url: scope.schema_url.clone(),
                }
            });
            ResourceSpans {
                scope_spans: scopes.filter(|scope| !scope.spans.is_empty()).collect(),
                resource: resource.resource.clone(),
                schema_url: resource.schema_url.clone(),
            }
        });
        let resource_spans = resource_spans.collect();
        let request = ExportTraceServiceRequest { resource_spans };
        request.encode_to_vec().into()
    }
}
