//! The layer around plain tower services and bodies, polled by hand, because a server would hide
//! details.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use integration_tests::{observed, semconv};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_instrumentation::{
    HttpServerInstrumentation, Operation, Request as Facts, RouteHandle, instrumentation_scope,
};
use otel_middleware_axum::{OtelLayer, ServerConfig};
use tower::{Layer, Service, ServiceExt, service_fn};

const DURATION: &str = "http.server.request.duration";

fn layer(capture: &Capture) -> OtelLayer {
    let config = ServerConfig::new()
        .providers(capture.providers())
        .active_requests(true);
    OtelLayer::with_config(config)
}

fn get() -> Request<()> {
    Request::get("/plain").body(()).expect("a request")
}

/// Answers 200 with the body.
async fn respond<B>(
    capture: &Capture,
    body: B,
) -> Response<impl Body<Data = Bytes, Error = B::Error> + use<B>>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: 'static,
{
    let mut body = Some(body);
    let service = service_fn(move |_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(
            body.take().expect("one request"),
        )))
    });
    layer(capture)
        .layer(service)
        .oneshot(get())
        .await
        .expect("a response")
}

/// Checks that there is one span with this outcome, and that the metrics agree.
fn assert_outcome(capture: &Capture, status: Option<i64>, error: Option<&'static str>) -> SpanData {
    let spans = capture.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    let outcome = [
        status.map(|it| KeyValue::new("http.response.status_code", it)),
        error.map(|it| KeyValue::new("error.type", it)),
    ];
    let common = [
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("url.scheme", "http"),
    ];
    let both: Vec<_> = common
        .iter()
        .cloned()
        .chain(outcome.into_iter().flatten())
        .chain([KeyValue::new("network.protocol.version", "1.1")])
        .collect();
    let mut attributes = both.clone();
    attributes.push(KeyValue::new("url.path", "/plain"));
    assert_eq!(by_name(&spans[0].attributes), by_name(&attributes));
    let expected = error.map_or(Status::Unset, |_| Status::error(""));
    assert_eq!(spans[0].status, expected);
    observed::assert_duration(capture, DURATION, &both, &spans[0]);
    observed::assert_none_active(capture, "http.server.active_requests", &common);
    semconv::check(capture);
    spans[0].clone()
}

#[derive(Debug)]
struct Refused;

#[tokio::test]
async fn an_error_of_the_service_is_named_by_its_type() {
    let capture = Capture::new();
    let service = service_fn(|_: Request<()>| ready(Err::<Response<Empty<Bytes>>, _>(Refused)));
    let result = layer(&capture).layer(service).oneshot(get()).await;
    assert!(result.is_err());
    assert_outcome(&capture, None, Some(std::any::type_name::<Refused>()));
}

#[tokio::test]
async fn a_boxed_error_has_no_name() {
    let capture = Capture::new();
    let service = service_fn(|_: Request<()>| {
        let error: Box<dyn Error + Send + Sync> = "refused".into();
        ready(Err::<Response<Empty<Bytes>>, _>(error))
    });
    let result = layer(&capture).layer(service).oneshot(get()).await;
    assert!(result.is_err());
    assert_outcome(&capture, None, Some("_OTHER"));
}

/// HS-36: a timeout is recognised, however it is boxed.
#[tokio::test]
async fn the_timeout_of_tower_is_a_timeout() {
    let capture = Capture::new();
    let stack = tower::ServiceBuilder::new()
        .layer(layer(&capture))
        .timeout(std::time::Duration::ZERO)
        .service_fn(|_: Request<()>| {
            std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
        });
    let result = stack.oneshot(get()).await;
    assert!(result.is_err());
    assert_outcome(&capture, None, Some("timeout"));
}

#[tokio::test]
async fn a_service_that_panics_in_its_call_is_recorded() {
    fn panics(_: Request<()>) -> Ready<Result<Response<Empty<Bytes>>, Infallible>> {
        std::panic::resume_unwind(Box::new("in call"))
    }
    let capture = Capture::new();
    let mut service = layer(&capture).layer(service_fn(panics));
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| service.call(get())));
    assert!(called.is_err());
    assert_outcome(&capture, None, Some("panic"));
}

/// A layer that catches the panic may keep the future for any time.
#[tokio::test]
async fn a_panic_ends_the_operation_before_the_future_is_dropped() {
    let capture = Capture::new();
    let service = service_fn(
        async |_: Request<()>| -> Result<Response<Empty<Bytes>>, Infallible> {
            std::panic::resume_unwind(Box::new("in poll"))
        },
    );
    let future = layer(&capture).layer(service).oneshot(get());
    let mut future = std::panic::AssertUnwindSafe(Box::pin(future)).catch_unwind();
    assert!((&mut future).await.is_err());
    assert_outcome(&capture, None, Some("panic"));
}

#[tokio::test]
async fn a_future_that_is_dropped_is_cancelled() {
    let capture = Capture::new();
    let service = service_fn(|_: Request<()>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    });
    let mut future = Box::pin(layer(&capture).layer(service).oneshot(get()));
    assert!(future.as_mut().now_or_never().is_none());
    drop(future);
    assert_outcome(&capture, None, Some("cancelled"));
}

#[tokio::test]
async fn an_empty_body_ends_with_the_head() {
    let capture = Capture::new();
    let _response = respond(&capture, Empty::<Bytes>::new()).await;
    assert_outcome(&capture, Some(200), None);
}

#[tokio::test]
async fn a_body_ends_with_the_frame_that_says_it_is_the_last() {
    let capture = Capture::new();
    let mut body = respond(&capture, Full::new(Bytes::from("full")))
        .await
        .into_body();
    assert!(capture.spans().is_empty());
    let _frame = body.frame().await;
    assert_outcome(&capture, Some(200), None);
}

#[tokio::test]
async fn a_body_that_is_dropped_unread_is_cancelled() {
    let capture = Capture::new();
    drop(respond(&capture, Full::new(Bytes::from("full"))).await);
    assert_outcome(&capture, Some(200), Some("cancelled"));
}

#[tokio::test]
async fn a_body_that_panics_is_recorded_at_once() {
    let capture = Capture::new();
    let body = StreamBody::new(futures_util::stream::poll_fn(
        |_| -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            std::panic::resume_unwind(Box::new("in body"))
        },
    ));
    let mut body = respond(&capture, body).await.into_body();
    let frame = std::panic::AssertUnwindSafe(body.frame())
        .catch_unwind()
        .await;
    assert!(frame.is_err());
    assert_outcome(&capture, Some(200), Some("panic"));
}

/// A body whose end comes without another frame, as of one that is read from a connection.
struct Ending(Arc<AtomicBool>);

impl Body for Ending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A server asks `is_end_stream` and does not poll again.
#[tokio::test]
async fn a_body_that_is_at_its_end_when_it_is_dropped_is_complete() {
    let (capture, ended) = (Capture::new(), Arc::new(AtomicBool::new(false)));
    let response = respond(&capture, Ending(ended.clone())).await;
    ended.store(true, Ordering::Relaxed);
    drop(response);
    assert_outcome(&capture, Some(200), None);
}

/// A server decides by the size hint whether a response is chunked.
#[tokio::test]
async fn size_and_end_of_a_body_are_those_of_the_inner_one() {
    let capture = Capture::new();
    let full = Full::new(Bytes::from("full"));
    let response = respond(&capture, full.clone()).await;
    assert_eq!(
        response.body().size_hint().exact(),
        full.size_hint().exact()
    );
    assert!(!response.body().is_end_stream());

    let response = respond(&capture, Empty::<Bytes>::new()).await;
    assert_eq!(response.body().size_hint().exact(), Some(0));
    assert!(response.body().is_end_stream());
}

/// A body that records the context it is polled in.
struct Watching(Option<Context>);

impl Body for Watching {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 = Some(Context::current());
        let id = Context::current()
            .span()
            .span_context()
            .span_id()
            .to_string();
        Poll::Ready(Some(Ok(Frame::data(id.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[tokio::test]
async fn a_label_that_a_hook_replaces_leaves_no_request_active() {
    let capture = Capture::new();
    let config = ServerConfig::new()
        .providers(capture.providers())
        .active_requests(true)
        .attributes(|_, attributes| attributes.both(KeyValue::new("url.scheme", "https")));
    let service = service_fn(|_: Request<()>| ready(Err::<Response<Empty<Bytes>>, _>(Refused)));
    let result = OtelLayer::with_config(config)
        .layer(service)
        .oneshot(get())
        .await;
    assert!(result.is_err());
    let labels = [
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("url.scheme", "https"),
    ];
    observed::assert_none_active(&capture, "http.server.active_requests", &labels);
}

#[tokio::test]
async fn a_hook_that_panics_leaves_no_request_active() {
    let capture = Capture::new();
    let config = ServerConfig::new()
        .providers(capture.providers())
        .active_requests(true)
        .span_name(|_| std::panic::resume_unwind(Box::new("in hook")));
    let service = service_fn(|_: Request<()>| ready(Err::<Response<Empty<Bytes>>, _>(Refused)));
    let mut service = OtelLayer::with_config(config).layer(service);
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| service.call(get())));
    assert!(called.is_err());
    assert!(capture.points("http.server.active_requests").is_empty());
}

/// The SDK exports a duplicate attribute twice, and picks one of two equal labels at random.
#[tokio::test]
async fn a_hook_cannot_say_what_the_end_says() {
    let capture = Capture::new();
    let config = ServerConfig::new()
        .providers(capture.providers())
        .active_requests(true)
        .attributes(|_, attributes| {
            attributes.both(KeyValue::new("error.type", "mine"));
            attributes.both(KeyValue::new("http.route", "/mine"));
            attributes.span(KeyValue::new("http.response.status_code", 1));
        });
    let service = service_fn(async |_: Request<()>| {
        let mut response = Response::new(Empty::<Bytes>::new());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        Ok::<_, Infallible>(response)
    });
    let response = OtelLayer::with_config(config).layer(service).oneshot(get());
    drop(response.await.expect("a response"));

    let span = assert_outcome(&capture, Some(500), Some("500"));
    let names: Vec<_> = span.attributes.iter().map(|it| it.key.as_str()).collect();
    assert!(!names.contains(&"http.route"), "{names:?}");
}

/// A filtered request has no root span that could end another trace.
#[tokio::test]
async fn a_strangers_trace_ends_at_a_public_endpoint_that_is_not_recorded() {
    let capture = Capture::new();
    let config = ServerConfig::new()
        .providers(capture.providers())
        .public_endpoint(|_| true)
        .filter(|_| false);
    let service = service_fn(async |_: Request<()>| {
        let context = Context::current();
        assert!(!context.span().span_context().is_valid());
        assert_eq!(context.baggage().get("tenant"), Some(&"acme".into()));
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let request = Request::get("/plain")
        .header(
            "traceparent",
            "00-00000000000000000000000000000123-0000000000000456-01",
        )
        .header("baggage", "tenant=acme")
        .body(())
        .expect("a request");
    let response = OtelLayer::with_config(config)
        .layer(service)
        .oneshot(request);
    assert_eq!(response.await.expect("a response").status(), StatusCode::OK);
    observed::assert_nothing(&capture);
}

/// During the destruction of thread-locals nothing can be attached, and a panic would abort.
#[test]
fn an_operation_may_end_with_its_thread() {
    thread_local! {
        static KEPT: RefCell<Option<Operation>> = const { RefCell::new(None) };
    }
    let capture = Capture::new();
    let config = ServerConfig::new().providers(capture.providers());
    let server = HttpServerInstrumentation::new(instrumentation_scope("test", "1"), config);
    let thread = std::thread::spawn(move || {
        // Thread-locals are dropped in reverse order of their creation, so the context's storage
        // goes first.
        KEPT.with(|kept| kept.replace(None));
        let headers: HashMap<String, String> = HashMap::new();
        let operation = server.start(&Facts::new("GET", "/plain", &headers));
        KEPT.with(|kept| kept.replace(Some(operation)));
    });
    thread.join().expect("no panic");
    assert_eq!(capture.spans().len(), 1);
    assert_eq!(capture.points(DURATION).len(), 1);
}

#[tokio::test]
async fn a_body_is_polled_in_the_context_of_its_request() {
    let capture = Capture::new();
    let mut body = respond(&capture, Watching(None)).await.into_body();
    let frame = body.frame().await.expect("a frame").expect("no error");
    drop(body);
    let span = assert_outcome(&capture, Some(200), Some("cancelled"));
    let seen = frame.into_data().expect("data");
    assert_eq!(seen, span.span_context.span_id().to_string());
    assert!(!Context::current().has_active_span());
}

/// As if a server-side renderer called its own router.
#[tokio::test]
async fn a_local_span_is_the_parent() {
    let capture = Capture::new();
    let tracer = capture.tracer_provider().tracer("test");
    let ambient = Context::current_with_span(tracer.start("render"));
    let attached = ambient.clone().attach();
    let service = service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let future = layer(&capture).layer(service).oneshot(get());
    let _response = future.now_or_never().expect("ready").expect("a response");
    drop(attached);
    let span = assert_outcome(&capture, Some(200), None);
    let caller = ambient.span().span_context().clone();
    assert_eq!(span.span_context.trace_id(), caller.trace_id());
    assert_eq!(span.parent_span_id, caller.span_id());
}

#[tokio::test]
async fn suppressed_telemetry_passes_straight_through() {
    let capture = Capture::new();
    let service = service_fn(|request: Request<()>| {
        assert!(Context::current().is_telemetry_suppressed());
        assert!(!Context::current().has_active_span());
        assert!(request.extensions().get::<RouteHandle>().is_none());
        ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(
            "full",
        )))))
    });
    let request = Request::get("/plain")
        .header(
            "traceparent",
            "00-00000000000000000000000000000123-0000000000000456-01",
        )
        .body(())
        .expect("a request");
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    let future = layer(&capture).layer(service).oneshot(request);
    let response = future.now_or_never().expect("ready").expect("a response");
    let body = response
        .into_body()
        .collect()
        .now_or_never()
        .expect("ready");
    assert_eq!(body.expect("a body").to_bytes(), "full");
    observed::assert_nothing(&capture);
}

/// Several threads poll the futures of one connection in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_context_follows_the_future_from_thread_to_thread() {
    let capture = Capture::new();
    let service = service_fn(async |_: Request<()>| {
        let before = Context::current().span().span_context().span_id();
        for _ in 0..10 {
            tokio::task::yield_now().await;
            assert_eq!(Context::current().span().span_context().span_id(), before);
        }
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let mut future = Box::pin(layer(&capture).layer(service).oneshot(get()));
    let response = loop {
        let (back, polled) = tokio::spawn(async move {
            let polled = poll_fn(|task| Poll::Ready(future.as_mut().poll(task))).await;
            (future, polled)
        })
        .await
        .expect("no panic");
        future = back;
        if let Poll::Ready(response) = polled {
            break response;
        }
    };
    assert_eq!(response.expect("a response").status(), StatusCode::OK);
    let span = assert_outcome(&capture, Some(200), None);
    assert_eq!(span.span_kind, SpanKind::Server);
    assert!(span.attributes.iter().all(|it| it.value != Value::from("")));
}
