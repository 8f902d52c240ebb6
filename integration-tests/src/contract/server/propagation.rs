//! How a trace and its baggage come in.

use std::collections::HashMap;

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, Value};
use otel_instrumentation::ServerConfig;
use otel_instrumentation::testing::Capture;
use otel_propagation::B3Propagator;

use super::{Expected, InnerApp, Running, ServerApp, request};
use crate::observed::spans_of;
use crate::wire::exchange;

const TRACE_ID: u128 = 0x123;
const PARENT_ID: u64 = 0x456;

/// The `traceparent` of a client with this span.
pub(super) fn traceparent(parent: u64, flags: u8) -> String {
    format!("traceparent: 00-{TRACE_ID:032x}-{parent:016x}-{flags:02x}")
}

/// The span in [`traceparent`].
pub(super) fn remote(parent: u64) -> SpanContext {
    let trace = TraceId::from(TRACE_ID);
    let flags = TraceFlags::SAMPLED;
    SpanContext::new(trace, SpanId::from(parent), flags, true, TraceState::NONE)
}

/// HS-02, HS-03: the case of the header's name does not matter.
pub async fn a_remote_trace_is_continued(app: &impl ServerApp) {
    for name in ["traceparent", "TRACEPARENT", "TraceParent"] {
        let running = Running::start(app).await;
        let header = traceparent(PARENT_ID, 1).replace("traceparent", name);
        let (client, _) = running.ask("GET /success", &[&header]).await;
        let expected = Expected {
            parent: Some(remote(PARENT_ID)),
            ..Expected::get("/success")
        };
        running.expect(client, &expected).await;
    }
}

/// HS-35: without a `traceparent`, the active local span is the parent: in-process dispatch, the
/// span of an invocation, an outer layer of `tracing`. An active remote span is no parent.
pub async fn a_local_span_is_the_parent_where_no_context_came(app: &impl InnerApp) {
    let header = traceparent(PARENT_ID, 1);
    let caller = Capture::new();
    let local = caller.tracer_provider().tracer("caller").start("caller");
    let local = Context::new().with_span(local);
    let foreign = Context::new().with_remote_span_context(remote(0x789));
    let local_span = local.span().span_context().clone();
    let cases: [(&Context, &[&str], Option<SpanContext>); 4] = [
        (&local, &[], Some(local_span)),
        (&local, &[&header], Some(remote(PARENT_ID))),
        (&foreign, &[], None),
        (&foreign, &[&header], Some(remote(PARENT_ID))),
    ];
    for (context, headers, parent) in cases {
        let running = Running::within(app, Capture::new(), context.clone()).await;
        let (client, _) = running.ask("GET /success", headers).await;
        let expected = Expected {
            parent,
            ..Expected::get("/success")
        };
        running.expect(client, &expected).await;
    }
}

/// HS-17, HS-18.
pub async fn baggage_reaches_the_handler(app: &impl ServerApp) {
    let one = "baggage: test-baggage-key-1=test-baggage-value-1";
    let other = "baggage: test-baggage-key-2=test-baggage-value-2";
    let cases: [(&[&str], &str); 2] = [
        (&[one], " test-baggage-key-1=test-baggage-value-1"),
        (
            &[one, other],
            " test-baggage-key-1=test-baggage-value-1 test-baggage-key-2=test-baggage-value-2",
        ),
    ];
    for (headers, seen) in cases {
        let running = Running::start(app).await;
        let (client, answer) = running.ask("GET /context", headers).await;
        let span = running.expect(client, &Expected::get("/context")).await;
        let own = &span.span_context;
        let expected = format!("{}-{} local{seen}", own.trace_id(), own.span_id());
        assert!(answer.ends_with(&expected), "{answer}");
    }
}

/// Baggage over the limit is visible to nobody.
pub async fn incoming_baggage_has_a_limit(app: &impl ServerApp) {
    for (limit, seen) in [(15, " a=1 tenant=acme"), (14, " a=1"), (0, "")] {
        let running = Running::configured(app, |config| config.baggage_limit(limit)).await;
        let headers = ["baggage: tenant=acme,a=1;p=q"];
        let (client, answer) = running.ask("GET /context", &headers).await;
        assert!(answer.ends_with(&format!(" local{seen}")), "{answer}");
        running.expect(client, &Expected::get("/context")).await;
    }
}

/// With B3, a caller may decide not to sample without a trace. An untrusted caller may not.
pub async fn a_decision_without_a_trace_is_obeyed(app: &impl ServerApp) {
    for (decision, is_public, spans) in [("0", false, 0), ("1", false, 1), ("0", true, 1)] {
        let capture = Capture::new();
        let telemetry = capture.providers().with_propagator(B3Propagator::new());
        let config = ServerConfig::new()
            .providers(telemetry)
            .public_endpoint(move |_| is_public);
        let running = Running::with(app, capture, config).await;
        running
            .ask("GET /empty", &[&format!("b3: {decision}")])
            .await;
        let capture = running.stop(spans).await;
        let recorded = capture.spans();
        assert_eq!(recorded.len(), spans, "{decision} {is_public}");
        for span in recorded {
            assert_eq!(span.parent_span_id, SpanId::INVALID);
            assert!(span.links.is_empty());
        }
    }
}

/// It is added to the application's own `Server-Timing`, and only if it is asked for.
pub async fn the_response_tells_its_span_on_request(app: &impl ServerApp) {
    for is_told in [true, false] {
        let running = Running::configured(app, |config| config.server_timing(is_told)).await;
        let (client, answer) = running.ask("GET /captureHeaders", &[]).await;
        let span = running
            .expect(client, &Expected::get("/captureHeaders"))
            .await;
        let own = &span.span_context;
        let (trace, id) = (own.trace_id(), own.span_id());
        let mut expected = vec!["app;dur=1".to_owned()];
        expected.extend(is_told.then(|| format!("trace;desc=00-{trace}-{id}-01")));
        let timings: Vec<_> = answer
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| name.eq_ignore_ascii_case("server-timing"))
            .map(|(_, timing)| timing)
            .collect();
        assert_eq!(timings, expected, "{answer}");
    }
}

/// HS-13: each request links its client's span with its handler's child, and no other.
pub async fn concurrent_requests_do_not_mix(app: &impl ServerApp) {
    const REQUESTS: usize = 100;
    let running = Running::start(app).await;
    let address = running.address();
    let requests = (1..=REQUESTS).map(|id| {
        let header = format!("traceparent: 00-{id:032x}-{id:016x}-01");
        let text = request(&format!("GET /child?id={id}"), &[&header]);
        async move {
            let (_, answer) = exchange(address, text).await;
            assert!(answer.ends_with(&format!("\r\n\r\n{id}")), "{answer}");
        }
    });
    futures_util::future::join_all(requests).await;

    let capture = running.stop(REQUESTS).await;
    let servers: HashMap<_, _> = spans_of(&capture, SpanKind::Server, REQUESTS)
        .await
        .into_iter()
        .map(|span| (span.span_context.trace_id(), span))
        .collect();
    let inner = spans_of(&capture, SpanKind::Internal, 2 * REQUESTS).await;
    for id in 1..=REQUESTS {
        let trace = TraceId::from(id as u128);
        let named = |name: &str| {
            let mut found = inner
                .iter()
                .filter(|span| span.span_context.trace_id() == trace && span.name == name);
            let span = found.next().expect("a span in each trace");
            assert!(found.next().is_none(), "{name} of {id}");
            span
        };
        let (server, controller, child) = (&servers[&trace], named("controller"), named("child"));
        assert_eq!(server.parent_span_id, SpanId::from(id as u64));
        assert_eq!(controller.parent_span_id, server.span_context.span_id());
        assert_eq!(child.parent_span_id, controller.span_context.span_id());
        assert_eq!(child.attributes[0].value, Value::I64(id as i64));
    }
}
