//! A span and a point by hand, for the one statement of the benchmark.

use std::time::Instant;

use opentelemetry::metrics::Histogram;
use opentelemetry::trace::{FutureExt, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};

use crate::query::QUERY;

/// The tracer and the histogram, made once.
#[derive(Debug)]
pub struct ByHand {
    tracer: global::BoxedTracer,
    duration: Histogram<f64>,
}

impl ByHand {
    /// Uses the global providers.
    pub fn new() -> Self {
        let meter = global::meter("by-hand");
        let duration = meter.f64_histogram("db.client.operation.duration");
        Self {
            tracer: global::tracer("by-hand"),
            duration: duration.with_unit("s").build(),
        }
    }

    /// Runs the call within its span.
    pub async fn query<T>(&self, call: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let span = self.tracer.span_builder("SELECT stock");
        let span = span.with_kind(SpanKind::Client).with_attributes([
            KeyValue::new("db.system.name", "sqlite"),
            KeyValue::new("db.query.summary", "SELECT stock"),
            KeyValue::new("db.query.text", QUERY),
        ]);
        let context = Context::current_with_span(span.start(&self.tracer));
        let started = Instant::now();
        let answer = call.with_context(context.clone()).await;
        let span = context.span();
        let mut labels = vec![
            KeyValue::new("db.system.name", "sqlite"),
            KeyValue::new("db.query.summary", "SELECT stock"),
        ];
        if let Err(sqlx::Error::Database(error)) = &answer {
            let code = error.code().unwrap_or_default().into_owned();
            span.set_status(Status::error(""));
            span.set_attribute(KeyValue::new("error.type", code.clone()));
            labels.push(KeyValue::new("error.type", code));
        }
        self.duration
            .record(started.elapsed().as_secs_f64(), &labels);
        span.end();
        answer
    }
}

impl Default for ByHand {
    fn default() -> Self {
        Self::new()
    }
}
