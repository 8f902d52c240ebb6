//! Compares what was recorded with what is expected.

use std::time::SystemTime;

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, Point, by_name};

use crate::driver::Driver;
use crate::scenario::{Error, Fact, Scenario, Span};

type Attributes = Vec<(String, Value)>;

/// Compares the spans, each with all of its attributes and its parent, and the points: one for each
/// call, with all of its labels and the span's duration.
pub(crate) fn check<D: Driver>(capture: &Capture, scenario: &Scenario, parent: SpanId) {
    let expected = D::of(&scenario.spans);
    let found = capture.spans();
    let names: Vec<_> = found.iter().map(|span| &*span.name).collect();
    let expected_names: Vec<_> = expected.iter().map(|span| span.name).collect();
    assert_eq!(names, expected_names);

    let database = match &scenario.database {
        Some(database) => D::of(database).to_vec(),
        None => D::database(),
    };
    let mut measured: Vec<(Attributes, u64, f64)> = Vec::new();
    for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
        assert_eq!(found.instrumentation_scope.name(), D::SCOPE);
        assert!(found.instrumentation_scope.schema_url().is_some());
        let status = match expected.error {
            Some(_) => Status::error(expected.message),
            None => Status::Unset,
        };
        assert_eq!(found.status, status, "{expected:?}");
        assert_eq!(found.events.len(), 0);
        if expected.name == "acquire" {
            check_acquire(expected, found, capture.spans().get(index + 1).unwrap());
            continue;
        }
        assert_eq!(found.span_kind, SpanKind::Client);
        assert_eq!(found.parent_span_id, parent, "{expected:?}");
        let labels = labels(expected, &database);
        assert_eq!(
            by_name(&found.attributes),
            attributes(expected, &labels),
            "{expected:?}"
        );
        add(&mut measured, labels, seconds(found));
    }
    check_points(capture.points("db.client.operation.duration"), measured);
    let names = capture.metric_names();
    assert!(names.len() <= 1, "{names:?}");
}

/// `acquire` is a part of the query, and therefore its child.
fn check_acquire(expected: &Span, found: &SpanData, query: &SpanData) {
    assert_eq!(found.span_kind, SpanKind::Internal);
    assert_eq!(found.parent_span_id, query.span_context.span_id());
    assert!(found.start_time >= query.start_time && found.end_time <= query.end_time);
    let mut attributes = Attributes::new();
    failure(expected, &mut attributes);
    assert_eq!(by_name(&found.attributes), attributes);
}

fn check_points(found: Vec<Point>, expected: Vec<(Attributes, u64, f64)>) {
    let mut found: Vec<_> = found
        .into_iter()
        .map(|point| {
            let labels: Attributes = point.labels.into_iter().collect();
            (labels, point.count, point.sum)
        })
        .collect();
    let mut expected = expected;
    for points in [&mut found, &mut expected] {
        points.sort_by_key(|(labels, ..)| format!("{labels:?}"));
    }
    // The sums equal those of the spans' durations, because both end at the same instant.
    assert_eq!(found, expected);
}

fn add(measured: &mut Vec<(Attributes, u64, f64)>, labels: Attributes, seconds: f64) {
    match measured.iter_mut().find(|(known, ..)| *known == labels) {
        Some((_, count, sum)) => {
            *count += 1;
            *sum += seconds;
        }
        None => measured.push((labels, 1, seconds)),
    }
}

fn seconds(span: &SpanData) -> f64 {
    let elapsed = |start: SystemTime| span.end_time.duration_since(start);
    elapsed(span.start_time).unwrap().as_secs_f64()
}

fn labels(expected: &Span, database: &[Fact]) -> Attributes {
    let mut labels: Attributes = database.iter().map(pair).collect();
    labels.push(text("db.query.summary", expected.name));
    failure(expected, &mut labels);
    sorted(labels)
}

fn attributes(expected: &Span, labels: &Attributes) -> Attributes {
    let mut attributes = labels.clone();
    attributes.extend(expected.text.map(|it| text("db.query.text", it)));
    let rows = expected
        .rows
        .map(|rows| Fact::Number("db.response.returned_rows", rows));
    attributes.extend(rows.as_ref().map(pair));
    sorted(attributes)
}

fn failure(expected: &Span, attributes: &mut Attributes) {
    let Some(error) = expected.error else {
        return;
    };
    if let Error::Code(code) = error {
        attributes.push(text("db.response.status_code", code));
    }
    let (Error::Code(name) | Error::Class(name)) = error;
    attributes.push(text("error.type", name));
}

fn pair(fact: &Fact) -> (String, Value) {
    match *fact {
        Fact::Text(name, value) => text(name, value),
        Fact::Number(name, value) => (name.to_owned(), value.into()),
    }
}

fn text(name: &str, value: &'static str) -> (String, Value) {
    (name.to_owned(), value.into())
}

fn sorted(mut attributes: Attributes) -> Attributes {
    attributes.sort_by(|left, right| left.0.cmp(&right.0));
    attributes
}
