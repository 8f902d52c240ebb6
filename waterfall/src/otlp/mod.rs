//! Converts OTLP's spans and log records into ours.

mod lines;

use std::sync::Arc;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, SeverityNumber};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as OtlpSpan};
use serde_json::{Map, Value as Json};

use crate::attributes::{Attributes, Texts, Value};
use crate::log::{Log, Severity};
use crate::span::{Event, Kind, Link, Span, Status};

pub(crate) use lines::{Line, line_of, read_line};

/// The spans of one resource. Spans without valid ids, which no SDK creates, are left out.
pub(crate) fn spans(batch: ResourceSpans, texts: &mut Texts) -> impl Iterator<Item = Span> {
    let resource = batch.resource.map(|resource| resource.attributes);
    let name = resource.unwrap_or_default().into_iter();
    let mut name = name.filter(|attribute| attribute.key == "service.name");
    let service = match name.next_back().and_then(|name| name.value?.value) {
        Some(OtlpValue::StringValue(name)) if !name.is_empty() => texts.keep(&name),
        _ => texts.keep(UNKNOWN_SERVICE),
    };
    batch
        .scope_spans
        .into_iter()
        .flat_map(|scope| scope.spans)
        .filter_map(move |received| span(&service, received, texts))
}

fn span(service: &Arc<str>, received: OtlpSpan, texts: &mut Texts) -> Option<Span> {
    let (trace_id, span_id) = ids(&received.trace_id, &received.span_id)?;
    let (kind, status) = (received.kind(), received.status.clone().unwrap_or_default());
    let events = received.events.into_iter().map(|event| Event {
        unix_nano: event.time_unix_nano,
        name: texts.keep(&event.name),
        attributes: attributes(event.attributes, texts),
    });
    let events = events.collect();
    let links = received.links.iter();
    let links = links.filter_map(|link| ids(&link.trace_id, &link.span_id));
    Some(Span {
        trace_id,
        span_id,
        // Roots have an empty parent; some exporters write zeros.
        parent_span_id: <[u8; 8]>::try_from(received.parent_span_id.as_slice())
            .ok()
            .map(SpanId::from_bytes)
            .filter(|id| *id != SpanId::INVALID),
        service: service.clone(),
        kind: match kind {
            SpanKind::Server => Kind::Server,
            SpanKind::Client => Kind::Client,
            SpanKind::Producer => Kind::Producer,
            SpanKind::Consumer => Kind::Consumer,
            // "Implementations MAY assume SpanKind to be INTERNAL when receiving UNSPECIFIED."
            SpanKind::Internal | SpanKind::Unspecified => Kind::Internal,
        },
        start_unix_nano: received.start_time_unix_nano,
        end_unix_nano: received
            .end_time_unix_nano
            .max(received.start_time_unix_nano),
        clock_ahead_nano: 0,
        status: match status.code() {
            StatusCode::Unset => Status::Unset,
            StatusCode::Ok => Status::Ok,
            StatusCode::Error => Status::Error,
        },
        status_message: texts.keep(&status.message),
        name: texts.keep(&received.name),
        attributes: attributes(received.attributes, texts),
        events,
        links: links
            .map(|(trace_id, span_id)| Link { trace_id, span_id })
            .collect(),
    })
}

fn ids(trace_id: &[u8], span_id: &[u8]) -> Option<(TraceId, SpanId)> {
    let trace_id = TraceId::from_bytes(trace_id.try_into().ok()?);
    let span_id = SpanId::from_bytes(span_id.try_into().ok()?);
    (trace_id != TraceId::INVALID && span_id != SpanId::INVALID).then_some((trace_id, span_id))
}

/// The log records that belong to a span.
pub(crate) fn logs(batch: ResourceLogs) -> impl Iterator<Item = Log> {
    let scopes = batch.scope_logs.into_iter();
    scopes.flat_map(|scope| scope.log_records).filter_map(log)
}

fn log(received: LogRecord) -> Option<Log> {
    let severity = received.severity_number();
    let (trace_id, span_id) = ids(&received.trace_id, &received.span_id)?;
    let message = json(received.body);
    // The source location is not part of the message.
    let fields = received.attributes.into_iter();
    let fields = fields.filter(|field| !field.key.starts_with("code."));
    let fields = fields.map(|field| format!(" {}={}", field.key, text(json(field.value))));
    Some(Log {
        trace_id,
        span_id,
        unix_nano: received
            .time_unix_nano
            .max(received.observed_time_unix_nano),
        severity: match severity {
            severity if severity >= SeverityNumber::Error => Severity::Error,
            severity if severity >= SeverityNumber::Warn => Severity::Warning,
            _ => Severity::Info,
        },
        text: text(message) + &fields.collect::<String>(),
    })
}

fn text(value: Json) -> String {
    match value {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn attributes(received: Vec<KeyValue>, texts: &mut Texts) -> Attributes {
    received
        .into_iter()
        .map(|attribute| {
            let value = match attribute.value.and_then(|any| any.value) {
                Some(OtlpValue::StringValue(text)) => Value::Text(texts.keep(&text)),
                Some(OtlpValue::BoolValue(flag)) => Value::Flag(flag),
                Some(OtlpValue::IntValue(number)) => Value::Integer(number),
                Some(OtlpValue::DoubleValue(number)) => Value::Float(number),
                other => Value::Other(Box::new(json(Some(AnyValue { value: other })))),
            };
            (texts.keep(&attribute.key), value)
        })
        .collect()
}

fn json(received: Option<AnyValue>) -> Json {
    match received.and_then(|any| any.value) {
        Some(OtlpValue::StringValue(text)) => text.into(),
        Some(OtlpValue::BoolValue(flag)) => flag.into(),
        Some(OtlpValue::IntValue(number)) => number.into(),
        Some(OtlpValue::DoubleValue(number)) => number.into(),
        Some(OtlpValue::BytesValue(bytes)) => bytes.into(),
        Some(OtlpValue::KvlistValue(list)) => {
            let entries = list.values.into_iter();
            let entries = entries.map(|entry| (entry.key, json(entry.value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        Some(OtlpValue::ArrayValue(array)) => array
            .values
            .into_iter()
            .map(|element| json(Some(element)))
            .collect(),
        // An index into a dictionary, which only profiles have.
        Some(OtlpValue::StringValueStrindex(_)) | None => Json::Null,
    }
}

/// The name that the resource conventions prescribe if none is set.
const UNKNOWN_SERVICE: &str = "unknown_service";

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Status as OtlpStatus};
    use serde_json::json;

    use super::*;

    fn attribute(key: &str, value: OtlpValue) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        }
    }

    fn received(parent: &[u8]) -> OtlpSpan {
        OtlpSpan {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            parent_span_id: parent.to_vec(),
            name: "POST /orders".to_owned(),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: 10,
            end_time_unix_nano: 30,
            attributes: vec![
                attribute("user.id", OtlpValue::StringValue("ada".to_owned())),
                attribute("order.value", OtlpValue::DoubleValue(12.5)),
                attribute("http.response.status_code", OtlpValue::IntValue(402)),
            ],
            status: Some(OtlpStatus {
                code: StatusCode::Error.into(),
                ..OtlpStatus::default()
            }),
            ..OtlpSpan::default()
        }
    }

    fn convert(span: OtlpSpan) -> Vec<Span> {
        let service = attribute("service.name", OtlpValue::StringValue("orders".to_owned()));
        let batch = ResourceSpans {
            resource: Some(Resource {
                attributes: vec![service],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        };
        spans(batch, &mut Texts::default()).collect()
    }

    #[test]
    fn every_field_is_carried_over() {
        let [span] = convert(received(&[3; 8])).try_into().unwrap();
        assert_eq!(span.trace_id, TraceId::from_bytes([1; 16]));
        assert_eq!(span.span_id, SpanId::from_bytes([2; 8]));
        assert_eq!(span.parent_span_id, Some(SpanId::from_bytes([3; 8])));
        assert_eq!((&*span.service, &*span.name), ("orders", "POST /orders"));
        assert_eq!((span.kind, span.status), (Kind::Server, Status::Error));
        assert_eq!(span.interval(), 10..30);
        assert_eq!(
            serde_json::to_value(&span.attributes).unwrap(),
            json!({ "user.id": "ada", "order.value": 12.5, "http.response.status_code": 402 })
        );
    }

    #[test]
    fn empty_or_zero_parent_is_no_parent() {
        for parent in [&[][..], &[0; 8][..]] {
            let [span] = convert(received(parent)).try_into().unwrap();
            assert_eq!(span.parent_span_id, None);
        }
    }

    #[test]
    fn span_without_valid_id_is_left_out() {
        let span = OtlpSpan {
            span_id: vec![2; 5],
            ..received(&[])
        };
        assert_eq!(convert(span).len(), 0);
    }

    #[test]
    fn log_record_is_one_line_with_its_fields() {
        let record = LogRecord {
            time_unix_nano: 7,
            severity_number: SeverityNumber::Warn.into(),
            body: attribute("", OtlpValue::StringValue("card declined".to_owned())).value,
            attributes: vec![
                attribute("order", OtlpValue::IntValue(7)),
                attribute("reason", OtlpValue::StringValue("no money".to_owned())),
                attribute("code.line.number", OtlpValue::IntValue(17)),
            ],
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            ..LogRecord::default()
        };
        let expected = Log {
            trace_id: TraceId::from_bytes([1; 16]),
            span_id: SpanId::from_bytes([2; 8]),
            unix_nano: 7,
            severity: Severity::Warning,
            text: "card declined order=7 reason=no money".to_owned(),
        };
        assert_eq!(log(record), Some(expected));
        // A service also logs outside of requests.
        assert_eq!(log(LogRecord::default()), None);
    }
}
