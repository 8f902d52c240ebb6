//! The semantic conventions 1.45 as a table, against which all telemetry is checked.
//!
//! Written from the conventions, not from the instrumentation: a name that is misspelt there is
//! unknown here. To check another convention, add a `Place` for each kind of its telemetry, and a
//! table of its names.

use std::collections::BTreeSet;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, Point};

use self::Level::{Absent, Allowed, Required};
use self::Type::{Int, Path, Text, Texts};

/// The schema that the emitted names belong to.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.45.0";

/// The buckets that the conventions recommend for every duration, in seconds.
pub const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Where an attribute may appear: a column of the table of its convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Http(Http),
    Rpc(Rpc),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Http {
    ServerSpan,
    ClientSpan,
    ServerMetric,
    ServerActive,
    ClientMetric,
    ClientActive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rpc {
    ServerSpan,
    ClientSpan,
    ServerMetric,
    ClientMetric,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Absent,
    Allowed,
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    /// Text that may be empty: `CONNECT` names an authority and no path.
    Path,
    Int,
    Texts,
}

type Row<const COLUMNS: usize> = (&'static str, Type, [Level; COLUMNS]);

const A: Level = Allowed;
const R: Level = Required;
const N: Level = Absent;

/// The attributes of HTTP. A name that ends in a dot is a prefix.
#[rustfmt::skip]
const HTTP: &[Row<6>] = &[
    //                                server: client:  server:         client:
    //                                span    span     metric  active  metric  active
    ("client.address",               Text,  [A, N,     N, N,           N, N]),
    ("error.type",                   Text,  [A, A,     A, N,           A, N]),
    ("http.request.body.size",       Int,   [A, A,     N, N,           N, N]),
    ("http.request.header.",         Texts, [A, A,     N, N,           N, N]),
    ("http.request.method",          Text,  [R, R,     R, R,           R, A]),
    ("http.request.method_original", Text,  [A, A,     N, N,           N, N]),
    ("http.request.resend_count",    Int,   [N, A,     N, N,           N, N]),
    ("http.response.body.size",      Int,   [A, A,     N, N,           N, N]),
    ("http.response.header.",        Texts, [A, A,     N, N,           N, N]),
    ("http.response.status_code",    Int,   [A, A,     A, N,           A, N]),
    ("http.route",                   Text,  [A, N,     A, N,           N, N]),
    ("network.peer.address",         Text,  [A, A,     N, N,           N, N]),
    ("network.peer.port",            Int,   [A, A,     N, N,           N, N]),
    ("network.protocol.version",     Text,  [A, A,     A, N,           A, N]),
    ("server.address",               Text,  [A, R,     N, N,           R, R]),
    ("server.port",                  Int,   [A, R,     N, N,           R, R]),
    ("url.full",                     Text,  [N, R,     N, N,           N, N]),
    ("url.path",                     Path,  [R, N,     N, N,           N, N]),
    ("url.query",                    Text,  [A, N,     N, N,           N, N]),
    ("url.scheme",                   Text,  [R, N,     R, R,           N, N]),
    ("url.template",                 Text,  [N, A,     N, N,           A, A]),
    ("user_agent.original",          Text,  [A, N,     N, N,           N, N]),
];

/// The attributes of RPC, as gRPC has them.
#[rustfmt::skip]
const RPC: &[Row<4>] = &[
    //                                server client  server  client
    //                                span   span    metric  metric
    ("error.type",                   Text,  [A, A,   A, A]),
    ("network.peer.address",         Text,  [A, A,   N, N]),
    ("network.peer.port",            Int,   [A, A,   N, N]),
    ("rpc.method",                   Text,  [R, R,   R, R]),
    ("rpc.method_original",          Text,  [A, A,   N, N]),
    ("rpc.request.header.",          Texts, [A, A,   N, N]),
    ("rpc.response.header.",         Texts, [A, A,   N, N]),
    ("rpc.response.trailer.",        Texts, [A, A,   N, N]),
    ("rpc.status_code",              Text,  [R, R,   R, R]),
    ("rpc.system.name",              Text,  [R, R,   R, R]),
    ("server.address",               Text,  [A, A,   N, A]),
    ("server.port",                  Int,   [A, A,   N, A]),
];

/// Name, unit, description, and the column of its labels.
const METRICS: &[(&str, &str, &str, Place)] = &[
    (
        "http.server.request.duration",
        "s",
        "Duration of HTTP server requests.",
        Place::Http(Http::ServerMetric),
    ),
    (
        "http.server.active_requests",
        "{request}",
        "Number of active HTTP server requests.",
        Place::Http(Http::ServerActive),
    ),
    (
        "http.server.request.body.size",
        "By",
        "Size of HTTP server request bodies.",
        Place::Http(Http::ServerMetric),
    ),
    (
        "http.server.response.body.size",
        "By",
        "Size of HTTP server response bodies.",
        Place::Http(Http::ServerMetric),
    ),
    (
        "http.client.request.duration",
        "s",
        "Duration of HTTP client requests.",
        Place::Http(Http::ClientMetric),
    ),
    (
        "http.client.active_requests",
        "{request}",
        "Number of active HTTP requests.",
        Place::Http(Http::ClientActive),
    ),
    (
        "http.client.request.body.size",
        "By",
        "Size of HTTP client request bodies.",
        Place::Http(Http::ClientMetric),
    ),
    (
        "http.client.response.body.size",
        "By",
        "Size of HTTP client response bodies.",
        Place::Http(Http::ClientMetric),
    ),
    (
        "rpc.server.call.duration",
        "s",
        "Measures the duration of an incoming Remote Procedure Call (RPC).",
        Place::Rpc(Rpc::ServerMetric),
    ),
    (
        "rpc.client.call.duration",
        "s",
        "Measures the duration of an outgoing Remote Procedure Call (RPC).",
        Place::Rpc(Rpc::ClientMetric),
    ),
];

/// The prefix of attributes that tests add.
pub const TEST_PREFIX: &str = "test.";

/// Checks everything that was captured against the tables.
///
/// # Panics
///
/// If a name, a type, a unit or a requirement level is not that of the conventions.
pub fn check(capture: &Capture) {
    for span in capture.spans() {
        check_span(&span);
    }
    for name in capture.metric_names() {
        check_metric(capture, &name);
    }
}

fn check_span(span: &SpanData) {
    let is_rpc = |attribute: &KeyValue| attribute.key.as_str().starts_with("rpc.");
    let place = match (&span.span_kind, span.attributes.iter().any(is_rpc)) {
        (SpanKind::Server, false) => Place::Http(Http::ServerSpan),
        (SpanKind::Client, false) => Place::Http(Http::ClientSpan),
        (SpanKind::Server, true) => Place::Rpc(Rpc::ServerSpan),
        (SpanKind::Client, true) => Place::Rpc(Rpc::ClientSpan),
        // The spans of handlers and of the tests themselves.
        (SpanKind::Internal | SpanKind::Producer | SpanKind::Consumer, _) => return,
    };
    let attributes = span
        .attributes
        .iter()
        .map(|attribute| (attribute.key.as_str(), &attribute.value));
    check_attributes(&format!("span {:?}", span.name), place, attributes);
    assert_eq!(
        span.instrumentation_scope.schema_url(),
        Some(SCHEMA_URL),
        "the schema of {:?}",
        span.name
    );
    let mut seen = BTreeSet::new();
    for attribute in &span.attributes {
        let name = attribute.key.as_str();
        assert!(seen.insert(name), "{name} is twice on {:?}", span.name);
    }
}

fn check_metric(capture: &Capture, name: &str) {
    let (_, unit, description, place) = METRICS
        .iter()
        .find(|metric| metric.0 == name)
        .unwrap_or_else(|| panic!("the conventions have no metric {name}"));
    assert_eq!(
        capture.description_and_unit(name),
        Some(((*description).to_owned(), (*unit).to_owned())),
        "description and unit of {name}"
    );
    for Point { labels, bounds, .. } in capture.points(name) {
        let labels = labels.iter().map(|(name, value)| (name.as_str(), value));
        check_attributes(&format!("metric {name}"), *place, labels);
        if *unit == "s" {
            assert_eq!(bounds, DURATION_BUCKETS, "the buckets of {name}");
        }
    }
}

fn check_attributes<'a>(
    subject: &str,
    place: Place,
    attributes: impl Iterator<Item = (&'a str, &'a Value)>,
) {
    let names = place.names();
    let mut missing: BTreeSet<_> = names
        .iter()
        .filter(|(.., level)| *level == Required)
        .map(|(name, ..)| *name)
        .collect();
    for (name, value) in attributes.filter(|(name, _)| !name.starts_with(TEST_PREFIX)) {
        let (row, kind, level) = names
            .iter()
            .find(|(row, ..)| *row == name || (row.ends_with('.') && name.starts_with(row)))
            .unwrap_or_else(|| panic!("{subject}: the conventions have no attribute {name}"));
        assert_ne!(*level, Absent, "{subject} must not have {name}");
        assert!(kind.fits(value), "{subject}: {name} is {value:?}");
        missing.remove(row);
        // The path of a Unix domain socket, which has no port.
        if name == "server.address" && value.as_str().starts_with('/') {
            missing.remove("server.port");
        }
    }
    assert!(missing.is_empty(), "{subject} lacks {missing:?}");
}

impl Place {
    /// The names that are allowed, required or forbidden here.
    fn names(self) -> Vec<(&'static str, Type, Level)> {
        match self {
            Self::Http(column) => read(HTTP, column as usize),
            Self::Rpc(column) => read(RPC, column as usize),
        }
    }
}

fn read<const COLUMNS: usize>(
    table: &[Row<COLUMNS>],
    column: usize,
) -> Vec<(&'static str, Type, Level)> {
    table
        .iter()
        .map(|(name, kind, levels)| (*name, *kind, levels[column]))
        .collect()
}

impl Type {
    /// An empty text says nothing, and is never right.
    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(text)) => !text.as_str().is_empty(),
            (Self::Path, Value::String(_)) | (Self::Int, Value::I64(_)) => true,
            (Self::Texts, Value::Array(Array::String(texts))) => !texts.is_empty(),
            _ => false,
        }
    }
}
