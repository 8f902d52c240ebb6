//! OTLP as lines of JSON, as the Collector's file exporter writes and its receiver reads them.

use anyhow::{Result, bail};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde::{Deserialize, Serialize};

/// The request as one line, without a line end.
///
/// # Errors
/// None in practice: a received request can always be written.
pub(crate) fn line_of(request: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(request)?)
}

/// The content of a line.
#[derive(Debug)]
pub(crate) enum Line {
    Spans(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
    /// Metrics and profiles, which the Collector also writes into such files.
    Other,
}

/// # Errors
/// If the line is not OTLP.
pub(crate) fn read_line(line: &str) -> Result<Line> {
    if let Ok(spans) = serde_json::from_str::<Spans>(line) {
        return Ok(Line::Spans(spans.0));
    }
    if let Ok(logs) = serde_json::from_str::<Logs>(line) {
        return Ok(Line::Logs(logs.0));
    }
    let Known {
        resource_spans,
        resource_logs,
        resource_metrics,
        resource_profiles,
    } = serde_json::from_str(line)?;
    if resource_spans.is_some() {
        // Parsed again for the error message.
        serde_json::from_str::<ExportTraceServiceRequest>(line)?;
    }
    if resource_logs.is_some() {
        serde_json::from_str::<ExportLogsServiceRequest>(line)?;
    }
    if resource_metrics.is_none() && resource_profiles.is_none() {
        bail!("neither spans nor logs");
    }
    Ok(Line::Other)
}

/// A request that has the field for spans. OTLP itself allows every field to be missing.
struct Spans(ExportTraceServiceRequest);
struct Logs(ExportLogsServiceRequest);

impl<'de> Deserialize<'de> for Spans {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let request = ExportTraceServiceRequest::deserialize(deserializer)?;
        match request.resource_spans.is_empty() {
            true => Err(serde::de::Error::custom("no spans")),
            false => Ok(Self(request)),
        }
    }
}

impl<'de> Deserialize<'de> for Logs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let request = ExportLogsServiceRequest::deserialize(deserializer)?;
        match request.resource_logs.is_empty() {
            true => Err(serde::de::Error::custom("no logs")),
            false => Ok(Self(request)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    resource_spans: Option<serde::de::IgnoredAny>,
    resource_logs: Option<serde::de::IgnoredAny>,
    resource_metrics: Option<serde::de::IgnoredAny>,
    resource_profiles: Option<serde::de::IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receive::Batch;

    /// A line as the Collector's file exporter writes it.
    const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}}]},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","parentSpanId":"","name":"POST /orders","kind":2,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000100000000","attributes":[{"key":"http.response.status_code","value":{"intValue":"201"}},{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}}],"events":[{"timeUnixNano":"1700000000000000001","name":"exception"}],"status":{}}]}],"schemaUrl":"x"}]}"#;
    const LOGS: &str = r#"{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1700000000000000000","severityNumber":13,"severityText":"WARN","body":{"stringValue":"declined"},"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]}]}]}"#;

    #[test]
    fn lines_of_the_collector_are_read() {
        let batch = Batch::from_line(SPANS).unwrap();
        let span = batch.spans.first().unwrap();
        assert_eq!((&*span.service, &*span.name), ("orders", "POST /orders"));
        assert_eq!(span.http_status(), Some(201));
        assert_eq!(span.events.len(), 1);
        assert_eq!(span.parent_span_id, None);
        assert_eq!(Batch::from_line(LOGS).unwrap().logs.len(), 1);
        let metrics = Batch::from_line(r#"{"resourceMetrics":[]}"#).unwrap();
        assert_eq!(metrics.spans.len() + metrics.logs.len(), 0);
    }

    #[test]
    fn what_is_no_otlp_is_an_error() {
        let broken = SPANS.replace("0af765", "zz");
        for line in ["", "{}", "[]", "nonsense", &broken] {
            assert!(read_line(line).is_err(), "{line}");
        }
    }

    #[test]
    fn written_line_is_read_again() {
        let request: ExportTraceServiceRequest = serde_json::from_str(SPANS).unwrap();
        let again = serde_json::from_str(&line_of(&request).unwrap()).unwrap();
        assert_eq!(request, again);
    }
}
