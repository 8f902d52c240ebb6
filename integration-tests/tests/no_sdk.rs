//! Without SDK and propagator, a trace that others record must not break here.
//!
//! The globals stay those of the API, so no other test may run in this process.

use integration_tests::apps::relay::Relay;

#[tokio::test]
async fn the_incoming_context_reaches_outgoing_requests_unchanged() {
    let relay = Relay::start().await;
    let (traceparent, tracestate, baggage) = (
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "vendor=state,other=one",
        "tenant=acme",
    );
    let headers = [
        format!("traceparent: {traceparent}"),
        format!("tracestate: {tracestate}"),
        format!("baggage: {baggage}"),
    ];
    let asked = relay.ask(&headers.each_ref().map(String::as_str)).await;
    for headers in asked {
        assert_eq!(headers["traceparent"], traceparent);
        assert_eq!(headers["tracestate"], tracestate);
        assert_eq!(headers["baggage"], baggage);
    }
}

#[tokio::test]
async fn without_an_incoming_context_nothing_is_sent() {
    let relay = Relay::start().await;
    for headers in relay.ask(&[]).await {
        for name in ["traceparent", "tracestate", "baggage"] {
            assert!(!headers.contains_key(name), "{name}");
        }
    }
}
