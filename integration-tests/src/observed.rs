//! Compares everything that an operation has recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, Point, by_name};

use crate::semconv;
use crate::wire::in_time;

/// The expected span, as a whole.
#[derive(Clone, Debug)]
pub struct ExpectedSpan {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: SpanKind,
    /// The attributes. There must be no others.
    pub attributes: Vec<KeyValue>,
    /// The status.
    pub status: Status,
    /// The parent; `None` for the root of a trace.
    pub parent: Option<SpanContext>,
    /// The spans that the span links to.
    pub links: Vec<SpanContext>,
}

impl ExpectedSpan {
    /// Compares.
    ///
    /// # Panics
    ///
    /// If the span differs.
    pub fn assert(&self, span: &SpanData) {
        assert_eq!(span.name, self.name, "the name");
        assert_eq!(span.span_kind, self.kind, "the kind of {:?}", self.name);
        assert_eq!(
            by_name(&span.attributes),
            by_name(&self.attributes),
            "the attributes of {:?}",
            self.name
        );
        assert_eq!(span.status, self.status, "the status of {:?}", self.name);
        assert_eq!(span.events.len(), 0, "the events of {:?}", self.name);
        let links: Vec<_> = span
            .links
            .iter()
            .map(|link| link.span_context.clone())
            .collect();
        assert_eq!(links, self.links, "the links of {:?}", self.name);
        match &self.parent {
            Some(parent) => {
                assert_eq!(span.span_context.trace_id(), parent.trace_id(), "the trace");
                assert_eq!(span.parent_span_id, parent.span_id(), "the parent");
                assert_eq!(span.parent_span_is_remote, parent.is_remote(), "remote");
            }
            None => assert_eq!(span.parent_span_id, SpanId::INVALID, "a root"),
        }
    }
}

/// The only point of a metric.
///
/// # Panics
///
/// If there is none, or more than one.
#[must_use]
pub fn only_point(capture: &Capture, metric: &str) -> Point {
    let mut points = capture.points(metric);
    assert_eq!(points.len(), 1, "the points of {metric}: {points:#?}");
    points.remove(0)
}

/// Labels in the form in which a point has them.
#[must_use]
pub fn labels(labels: &[KeyValue]) -> BTreeMap<String, Value> {
    by_name(labels).into_iter().collect()
}

/// Checks that the metric has one point, for one request, with the span's duration.
///
/// # Panics
///
/// If it differs.
pub fn assert_duration(capture: &Capture, metric: &str, expected: &[KeyValue], span: &SpanData) {
    let point = only_point(capture, metric);
    assert_eq!(point.labels, labels(expected), "the labels of {metric}");
    assert_eq!(point.count, 1, "the measurements of {metric}");
    let lasted = span
        .end_time
        .duration_since(span.start_time)
        .expect("no time travel");
    let measured = Duration::from_secs_f64(point.sum);
    assert!(
        lasted.abs_diff(measured) <= Duration::from_nanos(1),
        "the span lasted {lasted:?}, {metric} says {measured:?}"
    );
}

/// Checks that the metric went up and down again with the same labels.
///
/// # Panics
///
/// If it did not.
pub fn assert_none_active(capture: &Capture, metric: &str, expected: &[KeyValue]) {
    let point = only_point(capture, metric);
    assert_eq!(point.labels, labels(expected), "the labels of {metric}");
    assert_eq!(point.sum, 0.0, "{metric} at the end");
}

/// The spans of a kind, once there are as many. Whatever is recorded by then is checked against the
/// conventions.
///
/// # Panics
///
/// If there are more or too few, or if one of them [breaks the conventions](semconv::check).
pub async fn spans_of(capture: &Capture, kind: SpanKind, count: usize) -> Vec<SpanData> {
    let spans = until(&format!("{count} spans of the kind {kind:?}"), || {
        let spans = spans_so_far(capture, &kind);
        (spans.len() >= count).then_some(spans)
    })
    .await;
    assert_eq!(spans.len(), count, "{spans:#?}");
    semconv::check(capture);
    spans
}

/// The spans of a kind that ended by now.
#[must_use]
pub fn spans_so_far(capture: &Capture, kind: &SpanKind) -> Vec<SpanData> {
    let mut spans = capture.spans();
    spans.retain(|span| span.span_kind == *kind);
    spans
}

/// Waits until something is found.
///
/// # Panics
///
/// Where it never is.
pub async fn until<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    in_time(what, async {
        loop {
            if let Some(found) = find() {
                return found;
            }
            // Captured telemetry has no event to wait for.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
}

/// Checks that nothing was recorded.
///
/// # Panics
///
/// Where something was.
pub fn assert_nothing(capture: &Capture) {
    assert_eq!(capture.spans(), []);
    assert_eq!(capture.metric_names(), [""; 0]);
}
