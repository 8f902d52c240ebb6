//! Drops where little may be done: the thread is about to end.
//!
//! A panic in one of these aborts the process, so that a test fails by taking the others with it.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use http::{Method, Response};
use http_body::{Body, Frame};
use integration_tests::observed::assert_duration;
use opentelemetry::{Context, KeyValue};
use otel_instrumentation::http1::ResponseBody;
use otel_instrumentation::testing::Capture;
use otel_instrumentation::{HttpServer, Request, Response as Facts, ServerConfig, scope};

fn server(capture: &Capture) -> HttpServer {
    let config = ServerConfig::new().telemetry(capture.telemetry());
    HttpServer::new(scope("test", "1"), config)
}

/// The body of a request that was answered with 200.
fn answered<B: Body>(server: &HttpServer, body: B) -> ResponseBody<B> {
    let headers: HashMap<String, String> = HashMap::new();
    let mut operation = server.start(&Request {
        method: "GET",
        scheme: None,
        authority: None,
        path: "/plain",
        query: None,
        template: None,
        version: Some("1.1"),
        peer: None,
        headers: &headers,
    });
    operation.respond(&Facts {
        status: 200,
        version: None,
        headers: &headers,
    });
    ResponseBody::wrap(Response::new(body), &Method::GET, operation).into_body()
}

fn assert_ended(capture: &Capture) {
    let labels = [
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("url.scheme", "http"),
        KeyValue::new("http.response.status_code", 200),
        KeyValue::new("network.protocol.version", "1.1"),
    ];
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
        // What is set up last is torn down first: that is to be the context's own storage.
        KEPT.with(|kept| kept.replace(None));
        drop(Context::new().attach());
        let ended = Arc::new(AtomicBool::new(false));
        let body = answered(&server, Ending(ended.clone()));
        ended.store(true, Ordering::Relaxed);
        KEPT.with(|kept| kept.replace(Some(body)));
    });
    thread.join().expect("no panic");
    assert_ended(&capture);
}
