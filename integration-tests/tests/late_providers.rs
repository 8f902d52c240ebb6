//! Layers and clients that are made and used before the application sets its providers.
//!
//! No other test uses the global providers of this process.

use integration_tests::apps::relay::Relay;
use integration_tests::observed::spans_of;
use integration_tests::semconv;
use opentelemetry::global;
use opentelemetry::trace::SpanKind;
use otel_instrumentation::testing::Capture;

const METRICS: [&str; 2] = [
    "http.client.request.duration",
    "http.server.request.duration",
];

#[tokio::test]
async fn telemetry_appears_as_soon_as_there_is_a_provider() {
    let relay = Relay::start().await;
    let capture = Capture::new();
    relay.ask(&[]).await;

    global::set_tracer_provider(capture.tracer_provider().clone());
    relay.ask(&[]).await;
    spans_of(&capture, SpanKind::Server, 1).await;
    spans_of(&capture, SpanKind::Client, 2).await;
    assert_eq!(capture.metric_names(), [""; 0]);

    global::set_meter_provider(capture.meter_provider().clone());
    relay.ask(&[]).await;
    spans_of(&capture, SpanKind::Server, 2).await;
    spans_of(&capture, SpanKind::Client, 4).await;
    let requests = METRICS.map(|metric| {
        let points = capture.points(metric);
        points.iter().map(|point| point.count).sum::<u64>()
    });
    assert_eq!(requests, [2, 1]);
    relay.stop().await;
    semconv::check(&capture);
}
