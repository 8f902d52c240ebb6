//! The content of one export.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::sync::OwnedSemaphorePermit;

use crate::attributes::Texts;
use crate::log::Log;
use crate::otlp::{self, Line};
use crate::span::Span;

/// The spans and logs of one export.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Batch {
    /// Spans with valid ids.
    pub spans: Vec<Span>,
    /// Logs written inside spans.
    pub logs: Vec<Log>,
    /// Both as OTLP/JSON, if the receiver keeps lines.
    pub lines: Vec<String>,
    /// The room that it takes in the inbox until it is dropped.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

impl Batch {
    /// Reads a line of OTLP/JSON, as the Collector's file exporter writes it. Metrics and profiles,
    /// which it also writes, give an empty batch.
    ///
    /// # Errors
    /// If the line is not OTLP.
    pub fn from_line(line: &str) -> anyhow::Result<Self> {
        Ok(match otlp::read_line(line)? {
            Line::Spans(spans) => Self::of_spans(spans, &mut Texts::default()),
            Line::Logs(logs) => Self::of_logs(logs),
            Line::Other => Self::default(),
        })
    }

    pub(crate) fn of_spans(request: ExportTraceServiceRequest, texts: &mut Texts) -> Self {
        let mut spans = Vec::new();
        for batch in request.resource_spans {
            spans.extend(otlp::spans(batch, texts));
        }
        Self {
            spans,
            ..Self::default()
        }
    }

    pub(crate) fn of_logs(request: ExportLogsServiceRequest) -> Self {
        let batches = request.resource_logs.into_iter();
        Self {
            logs: batches.flat_map(otlp::logs).collect(),
            ..Self::default()
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.spans.extend(other.spans);
        self.logs.extend(other.logs);
        self.lines.extend(other.lines);
    }
}
