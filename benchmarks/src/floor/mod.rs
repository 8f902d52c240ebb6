//! The floor: the cost of the API calls that no middleware can avoid.
//!
//! It is written by hand for one route of one service. Nothing is configured, redacted or bounded,
//! cancelled requests are not recorded, and the SDK must exist before the first request. It records
//! the same attributes and labels, keeps the context current while the handler and its body run,
//! and ends with the body. Any cost beyond this is the middleware's own.

pub mod actix;
pub mod reqwest;
pub mod tower;

use std::sync::Arc;
use std::time::Instant;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::metrics::Histogram;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

use crate::setup::Setup;

/// A tracer and a histogram, if there is an SDK.
#[derive(Clone, Debug)]
pub struct Handles {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// `None` without an SDK: then only the context is passed on.
    tracer: Option<BoxedTracer>,
    duration: Option<Histogram<f64>>,
}

impl Handles {
    /// The SDK must exist already. `duration` is the name of the histogram.
    pub fn new(setup: Setup, duration: &'static str) -> Self {
        let duration = || global::meter("benchmarks").f64_histogram(duration).build();
        Self {
            inner: Arc::new(Inner {
                tracer: setup.has_sdk().then(|| global::tracer("benchmarks")),
                duration: setup.has_metrics().then(duration),
            }),
        }
    }

    fn start(&self, parent: Context, span: impl FnOnce() -> SpanBuilder) -> Operation {
        let started = Instant::now();
        let context = match &self.inner.tracer {
            Some(tracer) => parent.with_span(tracer.build_with_context(span(), &parent)),
            None => parent,
        };
        Operation {
            context,
            started,
            handles: self.clone(),
        }
    }
}

/// One request.
#[derive(Debug)]
struct Operation {
    context: Context,
    started: Instant,
    handles: Handles,
}

impl Operation {
    fn scope<T>(&self, f: impl FnOnce() -> T) -> T {
        let _attached = self.context.clone().attach();
        f()
    }

    fn end<const N: usize>(
        &self,
        status: KeyValue,
        labels: impl FnOnce(KeyValue) -> [KeyValue; N],
    ) {
        let Inner { tracer, duration } = &*self.handles.inner;
        if let Some(duration) = duration {
            let labels = labels(status.clone());
            duration.record(self.started.elapsed().as_secs_f64(), &labels);
        }
        if tracer.is_some() {
            let span = self.context.span();
            span.set_attribute(status);
            span.end();
        }
    }
}

/// The span for the route of the HTTP servers.
pub fn server_span(path: &str, headers: &impl Extractor) -> SpanBuilder {
    let mut attributes = Vec::with_capacity(9);
    attributes.push(KeyValue::new("http.request.method", "GET"));
    attributes.push(KeyValue::new("url.scheme", "http"));
    attributes.push(KeyValue::new("url.path", path.to_owned()));
    attributes.push(KeyValue::new("http.route", ROUTE));
    if headers.get("host") == Some("shop.example:8080") {
        attributes.push(KeyValue::new("server.address", "shop.example"));
        attributes.push(KeyValue::new("server.port", 8080));
    }
    if headers.get("user-agent") == Some("benchmarks/1.0") {
        attributes.push(KeyValue::new("user_agent.original", "benchmarks/1.0"));
    }
    attributes.push(KeyValue::new("network.protocol.version", "1.1"));
    SpanBuilder {
        span_kind: Some(SpanKind::Server),
        attributes: Some(attributes),
        ..SpanBuilder::from_name("GET /orders/{id}")
    }
}

/// The labels for that route.
pub fn server_labels(status: KeyValue) -> [KeyValue; 5] {
    [
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("url.scheme", "http"),
        status,
        KeyValue::new("http.route", ROUTE),
        KeyValue::new("network.protocol.version", "1.1"),
    ]
}

/// The attribute for the status of an HTTP response.
pub fn status_code(status: u16) -> KeyValue {
    KeyValue::new("http.response.status_code", i64::from(status))
}

const ROUTE: &str = "/orders/{id}";
