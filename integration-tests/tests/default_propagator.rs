//! An SDK without a propagator: with the API's no-op propagator, every trace would break.
//!
//! No other test uses the global providers of this process.

#![allow(clippy::expect_used)]

use integration_tests::apps::relay::Relay;
use integration_tests::observed::spans_of;
use opentelemetry::global;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use otel_instrumentation::testing::Capture;

#[tokio::test]
async fn a_trace_is_continued_in_and_out() {
    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    let relay = Relay::start().await;
    let traceparent = "traceparent: 00-00000000000000000000000000000123-0000000000000456-01";
    let asked = relay.ask(&[traceparent, "baggage: tenant=acme"]).await;
    relay.stop().await;

    let server = spans_of(&capture, SpanKind::Server, 1).await.remove(0);
    assert_eq!(server.span_context.trace_id(), TraceId::from(0x123));
    assert_eq!(server.parent_span_id, SpanId::from(0x456));
    let clients = spans_of(&capture, SpanKind::Client, 2).await;
    for (client, headers) in clients.iter().zip(asked) {
        assert_eq!(client.parent_span_id, server.span_context.span_id());
        let own = client.span_context.span_id();
        let expected = format!("00-{}-{own}-01", TraceId::from(0x123));
        assert_eq!(headers["traceparent"], expected);
        assert_eq!(headers["baggage"], "tenant=acme");
    }
}
