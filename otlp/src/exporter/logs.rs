//! Log records.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry::InstrumentationScope;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::LogBatch;
use opentelemetry_sdk::logs::SdkLogRecord;
use prost::Message;

use crate::sender::Batch;
use crate::sender::Sender;

/// Exports log records over OTLP; created by
/// [`ExporterBuilder::logs`](crate::ExporterBuilder::logs).
#[derive(Debug)]
pub struct LogExporter {
    sender: Sender,
    resource: ResourceAttributesWithSchema,
}

impl LogExporter {
    pub(crate) fn new(sender: Sender) -> Self {
        Self {
            sender,
            resource: ResourceAttributesWithSchema::default(),
        }
    }
}

impl opentelemetry_sdk::logs::LogExporter for LogExporter {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let records = Records {
            records: batch.iter().collect(),
            resource: &self.resource,
        };
        self.sender.export(records).await
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sender.shut_down()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

struct Records<'a> {
    records: Vec<(&'a SdkLogRecord, &'a InstrumentationScope)>,
    resource: &'a ResourceAttributesWithSchema,
}

impl Batch for Records<'_> {
    fn len(&self) -> usize {
        self.records.len()
    }

    fn items(&self, parts: Range<usize>) -> u64 {
        parts.len() as u64
    }

    fn encode(&mut self, parts: Range<usize>) -> Bytes {
        let records = LogBatch::new(self.records.get(parts).unwrap_or_default());
        let resource_logs = group_logs_by_resource_and_scope(&records, self.resource);
        let request = ExportLogsServiceRequest { resource_logs };
        request.encode_to_vec().into()
    }
}
