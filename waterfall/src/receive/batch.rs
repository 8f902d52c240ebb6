//! What comes with one export.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::sync::OwnedSemaphorePermit;

use crate::attributes::Texts;
use crate::log::Log;
use crate::otlp::{self, Line};
use crate::span::Span;

/// What has arrived.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Batch {
    /// Spans with valid ids.
    pub spans: Vec<Span>,
    /// Logs that were written inside of spans.
    pub logs: Vec<Log>,
    /// Both as OTLP/JSON, if the receiver keeps it.
    pub lines: Vec<String>,
    /// The room that it takes in the inbox, until it is dropped.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

impl Batch {
    /// What a line of OTLP/JSON holds, as the Collector's file exporter writes it. Of metrics and
    /// profiles, which it writes as well, nothing.
    ///
    /// # Errors
    /// The line is no OTLP.
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
