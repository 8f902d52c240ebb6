//! The spans of a process with global providers and subscriber, as on the page.

use std::sync::LazyLock;

use integration_tests::wire::in_time;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_tracing_bridge::{ContextSubscriber, SpanLayer};
use tokio::sync::{Mutex, MutexGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The providers and the subscriber of the process.
pub(crate) static CAPTURE: LazyLock<Capture> = LazyLock::new(|| {
    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    global::set_meter_provider(capture.meter_provider().clone());
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(capture.tracer_provider().clone()))
        .with(LevelFilter::INFO);
    ContextSubscriber::new(subscriber).init();
    capture
});

/// The spans that end while nothing else runs.
#[derive(Debug)]
pub(crate) struct Watch {
    before: usize,
    _one_at_a_time: MutexGuard<'static, ()>,
}

impl Watch {
    pub(crate) async fn begin() -> Self {
        let one_at_a_time = ONE_AT_A_TIME.lock().await;
        Self {
            before: CAPTURE.spans().len(),
            _one_at_a_time: one_at_a_time,
        }
    }

    /// The server span, and this number of other spans.
    pub(crate) async fn spans(self, others: usize) -> (SpanData, Vec<SpanData>) {
        let ended = async {
            while CAPTURE.spans().len() <= self.before + others {
                tokio::task::yield_now().await;
            }
        };
        in_time("all spans", ended).await;
        let mut spans = CAPTURE.spans().split_off(self.before);
        assert_eq!(spans.len(), others + 1, "{spans:#?}");
        let is_server = |span: &SpanData| span.span_kind == SpanKind::Server;
        let server = spans.iter().position(is_server).expect("a server span");
        (spans.remove(server), spans)
    }
}

/// `count` spans of this name, each the child of the handler's span, or of the server span.
pub(crate) fn assert_below(server: &SpanData, others: &[SpanData], name: &str, count: usize) {
    let handler = others.iter().find(|span| span.name == "handler");
    let place = handler.unwrap_or(server);
    if let Some(handler) = handler {
        assert_eq!(handler.parent_span_id, server.span_context.span_id());
    }
    assert_children(place, others, name, count);
}

/// `count` spans of this name, each the child of this one.
pub(crate) fn assert_children(parent: &SpanData, others: &[SpanData], name: &str, count: usize) {
    let found = others.iter().filter(|span| span.name == name);
    let found: Vec<_> = found.map(|span| span.parent_span_id).collect();
    let wanted = vec![parent.span_context.span_id(); count];
    assert_eq!(found, wanted, "{name}: {others:#?}");
}

/// The server span of a declined card, in the words of the page.
pub(crate) fn assert_declined(server: &SpanData, message: &'static str) {
    assert_eq!(server.status, Status::error(message));
    let error = KeyValue::new("error.type", "card_declined");
    assert!(server.attributes.contains(&error), "{server:#?}");
}

/// The providers are global.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
