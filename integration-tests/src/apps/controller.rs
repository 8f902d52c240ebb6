//! What the handlers of all applications do.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use otel_instrumentation::testing::Capture;
use tokio::sync::Notify;

/// The part of the handlers that is independent of the framework.
#[derive(Clone, Debug)]
pub struct Controller {
    tracer: SdkTracer,
    entered: Arc<Notify>,
    kept: Arc<Mutex<Vec<Context>>>,
}

impl Controller {
    /// Uses the tracer provider of the middleware for its spans.
    #[must_use]
    pub fn new(capture: &Capture) -> Self {
        Self {
            tracer: capture.tracer_provider().tracer("controller"),
            entered: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// A handler's work in an internal span `controller`, which has to be the server span's child.
    pub fn handle<T>(&self, answer: impl FnOnce() -> T) -> T {
        self.span(SpanBuilder::from_name("controller"), answer)
    }

    /// The same, with another span inside that has the request's id.
    #[must_use]
    pub fn child(&self, id: &str) -> String {
        let id = id.parse::<i64>().expect("a number");
        let child =
            SpanBuilder::from_name("child").with_attributes([KeyValue::new("test.request.id", id)]);
        self.handle(|| self.span(child, || id.to_string()))
    }

    /// The context of the handler as text: the span, whether it is remote, and the baggage.
    #[must_use]
    pub fn context(&self) -> String {
        let context = Context::current();
        let span = context.span().span_context().clone();
        let place = if span.is_remote() { "remote" } else { "local" };
        let mut text = format!("{}-{} {place}", span.trace_id(), span.span_id());
        let mut members: Vec<_> = context.baggage().iter().collect();
        members.sort_by_key(|(key, _)| key.as_str());
        for (key, (value, _)) in members {
            write!(text, " {key}={value}").expect("writing to a string");
        }
        text
    }

    /// Reports that a handler is reached.
    pub fn enter(&self) {
        self.entered.notify_one();
    }

    /// Waits until a handler is reached.
    pub async fn entered(&self) {
        self.entered.notified().await;
    }

    /// Passes the current context to a task that outlives the request.
    pub fn keep(&self) {
        let (controller, context) = (self.clone(), Context::current());
        tokio::spawn(async move {
            controller.kept.lock().expect("no panic").push(context);
            controller.enter();
        });
    }

    /// How many contexts are still kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.lock().expect("no panic").len()
    }

    fn span<T>(&self, builder: SpanBuilder, inside: impl FnOnce() -> T) -> T {
        let span = self.tracer.build(builder);
        let _current = Context::current_with_span(span).attach();
        inside()
    }
}
