//! How a trace and its baggage go out.

use http::HeaderMap;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::context::FutureExt;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use otel_instrumentation::Providers;
use reqwest::Method;

use super::{ClientApp, Expected, Running};
use crate::observed::{assert_nothing, spans_of};

/// A context whose span is remote.
fn remote(flags: TraceFlags) -> Context {
    let state = TraceState::from_key_value([("vendor", "state")]).expect("a state");
    let span = SpanContext::new(
        TraceId::from(0x123),
        SpanId::from(0x456),
        flags,
        true,
        state,
    );
    Context::new().with_remote_span_context(span)
}

async fn get_in<A: ClientApp>(running: &Running<A>, context: Context) {
    async { running.get("/success").await }
        .with_context(context)
        .await;
}

/// The values of a header that must not be repeated.
fn only(asked: &[HeaderMap], name: &str) -> Option<String> {
    let [headers] = asked else {
        panic!("one request, not {}", asked.len());
    };
    let mut values = headers.get_all(name).iter();
    let value = values
        .next()
        .map(|it| it.to_str().expect("text").to_owned());
    assert!(values.next().is_none(), "{name} twice");
    value
}

fn traceparent(span: &SpanContext) -> String {
    let (trace, id) = (span.trace_id(), span.span_id());
    format!("00-{trace}-{id}-{:02x}", span.trace_flags().to_u8())
}

/// HC-01, HC-03: exactly one of each header, even if the request has some already.
pub async fn the_server_continues_the_trace(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let mut request = running.request(Method::GET, "/success");
    let old = "00-000000000000000000000000000000ff-00000000000000ff-01";
    request
        .headers_mut()
        .append("traceparent", old.parse().expect("a value"));
    request
        .headers_mut()
        .append("traceparent", old.parse().expect("a value"));
    running.send(request).await.expect("an answer");
    let span = running.expect(&Expected::get("/success")).await;
    let asked = running.peer.asked();
    assert_eq!(
        only(&asked, "traceparent"),
        Some(traceparent(&span.span_context))
    );
    assert_eq!(only(&asked, "baggage"), None);
}

/// HC-03, HC-05
pub async fn a_span_of_any_kind_is_a_parent(app: &impl ClientApp) {
    for kind in [SpanKind::Internal, SpanKind::Server, SpanKind::Producer] {
        let running = Running::start(app).await;
        let tracer = running.capture.tracer_provider().tracer("test");
        let parent = tracer.span_builder("parent").with_kind(kind).start(&tracer);
        let parent = Context::new().with_span(parent);
        get_in(&running, parent.clone()).await;
        let expected = Expected {
            parent: Some(parent.span().span_context().clone()),
            ..Expected::get("/success")
        };
        running.expect(&expected).await;
    }
}

/// HC-06, HC-07: the caller's context is the same before and after the request.
pub async fn what_follows_a_request_is_its_sibling(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let tracer = running.capture.tracer_provider().tracer("test");
    let parent = Context::new().with_span(tracer.start("parent"));
    let id = parent.span().span_context().span_id();
    async {
        running.get("/success").await;
        assert_eq!(Context::current().span().span_context().span_id(), id);
        drop(tracer.start("after"));
    }
    .with_context(parent)
    .await;
    assert!(!Context::current().has_active_span());
    spans_of(&running.capture, SpanKind::Client, 1).await;
    let spans = running.capture.spans();
    let after = spans
        .iter()
        .find(|span| span.name == "after")
        .expect("a span");
    assert_eq!(after.parent_span_id, id);
}

/// HC-04: nothing is exported, and the server receives the decision.
pub async fn an_unsampled_parent_is_passed_on(app: &impl ClientApp) {
    let running = Running::start(app).await;
    get_in(&running, remote(TraceFlags::default())).await;
    assert_eq!(running.capture.spans(), []);
    let points = running.capture.points("http.client.request.duration");
    assert_eq!(points.len(), 1);
    let header = only(&running.peer.asked(), "traceparent").expect("a header");
    assert!(
        header.starts_with("00-00000000000000000000000000000123-"),
        "{header}"
    );
    assert!(header.ends_with("-00"), "{header}");
}

/// The members of other vendors in the `tracestate`, and the baggage, are sent along.
pub async fn baggage_and_state_are_passed_on(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let context = remote(TraceFlags::SAMPLED).with_baggage([KeyValue::new("tenant", "acme")]);
    get_in(&running, context.clone()).await;
    let expected = Expected {
        parent: Some(context.span().span_context().clone()),
        ..Expected::get("/success")
    };
    let span = running.expect(&expected).await;
    let asked = running.peer.asked();
    assert_eq!(
        only(&asked, "traceparent"),
        Some(traceparent(&span.span_context))
    );
    assert_eq!(only(&asked, "tracestate").as_deref(), Some("vendor=state"));
    assert_eq!(only(&asked, "baggage").as_deref(), Some("tenant=acme"));
}

/// The request is recorded, but its receiver gets no context.
pub async fn nothing_is_sent_where_it_must_not_go(app: &impl ClientApp) {
    let running = Running::configured(app, |config| {
        config.propagate_to(|it| it.path != "/success")
    })
    .await;
    get_in(
        &running,
        Context::new().with_baggage([KeyValue::new("tenant", "acme")]),
    )
    .await;
    running.expect(&Expected::get("/success")).await;
    let asked = running.peer.asked();
    for name in ["traceparent", "tracestate", "baggage"] {
        assert_eq!(only(&asked, name), None, "{name}");
    }
}

/// The trace is continued, and the chosen baggage with it. Here all is chosen.
pub async fn baggage_goes_where_it_may(app: &impl ClientApp) {
    let running = Running::configured(app, |config| {
        config.propagate_baggage(|it, name| it.path != "/success" || name == "tenant")
    })
    .await;
    let baggage = ["tenant", "secret"].map(|name| KeyValue::new(name, "acme"));
    let context = Context::new().with_baggage(baggage);
    let seen = async {
        running.get("/success").await;
        Context::current().baggage().len()
    };
    assert_eq!(seen.with_context(context).await, 2);
    let span = running.expect(&Expected::get("/success")).await;
    let asked = running.peer.asked();
    assert_eq!(only(&asked, "baggage").as_deref(), Some("tenant=acme"));
    assert_eq!(
        only(&asked, "traceparent"),
        Some(traceparent(&span.span_context))
    );
}

/// If the context has no baggage, and no option chooses what may be sent, the application's own
/// header is sent. Otherwise it is replaced, as a `traceparent` is.
pub async fn baggage_set_by_hand_gives_way(app: &impl ClientApp) {
    let by_hand = ["a=1", "b=2"];
    let cases: [(bool, &[&'static str], &[&str]); 5] = [
        (false, &[], &by_hand),
        (false, &["tenant"], &["tenant=acme"]),
        (true, &["tenant", "secret"], &["tenant=acme"]),
        (true, &["secret"], &[]),
        (true, &[], &[]),
    ];
    for (restricted, names, expected) in cases {
        let running = Running::configured(app, |config| match restricted {
            true => config.propagate_baggage(|_, name| name == "tenant"),
            false => config,
        })
        .await;
        let mut request = running.request(Method::GET, "/success");
        for line in by_hand {
            let value = line.parse().expect("a value");
            request.headers_mut().append("baggage", value);
        }
        let baggage = names.iter().map(|name| KeyValue::new(*name, "acme"));
        let context = Context::new().with_baggage(baggage.collect::<Vec<_>>());
        let answer = running.send(request).with_context(context);
        answer.await.expect("an answer");
        let asked = running.peer.asked();
        let [headers] = asked.as_slice() else {
            panic!("one request, not {}", asked.len());
        };
        let sent: Vec<_> = headers.get_all("baggage").iter().collect();
        assert_eq!(sent, expected, "{restricted} {names:?}");
    }
}

/// Exporters send requests, too.
pub async fn suppressed_telemetry_passes_straight_through(app: &impl ClientApp) {
    let running = Running::start(app).await;
    get_in(
        &running,
        remote(TraceFlags::SAMPLED).with_telemetry_suppressed(),
    )
    .await;
    assert_nothing(&running.capture);
    assert_eq!(only(&running.peer.asked(), "traceparent"), None);
}

/// A trace that only passes through is continued.
pub async fn without_an_sdk_the_context_passes_through(app: &impl ClientApp) {
    let providers = Providers::new(NoopTracerProvider::new(), NoopMeterProvider::new());
    let running = Running::configured(app, |config| config.providers(providers)).await;
    get_in(&running, remote(TraceFlags::SAMPLED)).await;
    assert_nothing(&running.capture);
    let asked = running.peer.asked();
    let expected = "00-00000000000000000000000000000123-0000000000000456-01";
    assert_eq!(only(&asked, "traceparent").as_deref(), Some(expected));
    assert_eq!(only(&asked, "tracestate").as_deref(), Some("vendor=state"));
}
