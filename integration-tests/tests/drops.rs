//! Drops at bad moments: while the thread ends, or during a panic.
//!
//! A panic in one of these aborts the process, and the other tests with it.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Waker};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};
use integration_tests::observed::assert_duration;
use opentelemetry::{Context, KeyValue};
use otel_instrumentation::testing::Capture;
use otel_instrumentation::tower::ResponseBody;
use otel_instrumentation::{
    HttpServerInstrumentation, Request, Response as Facts, ServerConfig, instrumentation_scope,
};

fn server(capture: &Capture) -> HttpServerInstrumentation {
    let config = ServerConfig::new().providers(capture.providers());
    HttpServerInstrumentation::new(instrumentation_scope("test", "1"), config)
}

/// The body of a request that was answered with 200.
fn answered<B: Body>(server: &HttpServerInstrumentation, body: B) -> ResponseBody<B> {
    let headers: HashMap<String, String> = HashMap::new();
    let mut operation = server.start(&Request::new("GET", "/plain", &headers).version("1.1"));
    operation.record_response(&Facts::new(200, &headers));
    ResponseBody::wrap(Response::new(body), operation).into_body()
}

fn assert_ended(capture: &Capture, error: Option<&'static str>) {
    let labels = [
        Some(KeyValue::new("http.request.method", "GET")),
        Some(KeyValue::new("url.scheme", "http")),
        Some(KeyValue::new("http.response.status_code", 200)),
        error.map(|it| KeyValue::new("error.type", it)),
        Some(KeyValue::new("network.protocol.version", "1.1")),
    ];
    let labels: Vec<_> = labels.into_iter().flatten().collect();
    let spans = capture.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    assert_duration(capture, "http.server.request.duration", &labels, &spans[0]);
}

/// A body whose end comes without another frame.
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

#[test]
fn a_body_may_be_found_at_its_end_when_its_thread_ends() {
    thread_local! {
        static KEPT: RefCell<Option<ResponseBody<Ending>>> = const { RefCell::new(None) };
    }
    let capture = Capture::new();
    let server = server(&capture);
    let thread = std::thread::spawn(move || {
        // Thread-locals are dropped in reverse order of their creation, so the context's storage
        // goes first.
        KEPT.with(|kept| kept.replace(None));
        drop(Context::new().attach());
        let ended = Arc::new(AtomicBool::new(false));
        let body = answered(&server, Ending(ended.clone()));
        ended.store(true, Ordering::Relaxed);
        KEPT.with(|kept| kept.replace(Some(body)));
    });
    thread.join().expect("no panic");
    assert_ended(&capture, None);
}

/// A body behind a lock, which a panic poisons.
struct Locked(Arc<Mutex<()>>);

impl Locked {
    fn new() -> Self {
        Self(Arc::default())
    }
}

impl Body for Locked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let _held = self.0.lock();
        resume_unwind(Box::new("in body"))
    }

    fn is_end_stream(&self) -> bool {
        let _held = self.0.lock().expect("no panic before");
        false
    }
}

fn poll_and_drop(body: impl Body) {
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let mut body = Box::pin(body);
        let _ = body
            .as_mut()
            .poll_frame(&mut Task::from_waker(Waker::noop()));
    }));
    assert!(polled.is_err());
}

#[test]
fn a_body_that_panicked_is_not_asked_again() {
    let capture = Capture::new();
    poll_and_drop(answered(&server(&capture), Locked::new()));
    assert_ended(&capture, Some("panic"));
}

#[test]
fn a_body_that_nobody_records_is_not_asked_when_it_is_dropped() {
    poll_and_drop(ResponseBody::untouched(Locked::new()));
}

#[test]
fn a_body_is_not_asked_while_something_else_panics() {
    let capture = Capture::new();
    let server = server(&capture);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let body = Locked::new();
        let lock = body.0.clone();
        let _body = answered(&server, body);
        let _held = lock.lock();
        resume_unwind(Box::new("in the one that holds the body"));
    }));
    assert!(panicked.is_err());
    assert_ended(&capture, Some("panic"));
}
