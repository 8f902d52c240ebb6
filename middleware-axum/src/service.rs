//! The service: axum's facts about a request, handed to the instrumentation.

use std::any::Any;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use http::{Request, Response};
use http_body::Body;
use otel_instrumentation::tower::{
    self, BodyError, RequestHeaders, ResponseBody, ResponseFuture, content_length, facts,
};
use otel_instrumentation::{
    ErrorType, HttpRecorded, HttpServerInstrumentation, Operation, RouteHandle,
};
use tower_service::Service;

/// The service that [`OtelLayer`](crate::OtelLayer) puts around another one.
#[derive(Clone, Debug)]
pub struct OtelService<S> {
    inner: S,
    server: HttpServerInstrumentation,
}

impl<S> OtelService<S> {
    pub(crate) fn new(inner: S, server: HttpServerInstrumentation) -> Self {
        Self { inner, server }
    }

    fn start<B>(&self, request: &Request<B>) -> Operation {
        let matched = request
            .extensions()
            .get::<MatchedPath>()
            .map(MatchedPath::as_str);
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        // A nested router sees only the rest of the path.
        let original = request.extensions().get::<OriginalUri>();
        let asked_for = original.map_or(request.uri(), |OriginalUri(uri)| uri);
        let headers = RequestHeaders::new(request.headers());
        let mut facts = facts(request, &headers)
            .query(asked_for.query())
            .template(matched.filter(|path| !may_lead_on(path)))
            .peer(peer.map(|ConnectInfo(address)| *address));
        facts.path = asked_for.path();
        let mut operation = self.server.start(&facts);
        if let Some(path) = matched {
            operation.record_route(path);
        }
        if operation.measures_bodies()
            && let Some(length) = content_length(request.headers())
        {
            operation.record_request_body_size(length);
        }
        operation
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for OtelService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: 'static,
    B: Body,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        if request.extensions().get::<HttpRecorded>().is_some() {
            let handle = request.extensions().get::<RouteHandle>();
            let matched = request.extensions().get::<MatchedPath>();
            if let (Some(handle), Some(matched)) = (handle, matched) {
                handle.refine(matched.as_str());
            }
            return ResponseFuture::untouched(self.inner.call(request));
        }
        let mut operation = self.start(&request);
        if operation.is_recorded() {
            request.extensions_mut().insert(HttpRecorded);
        }
        if let Some(handle) = operation.route_handle() {
            request.extensions_mut().insert(handle);
        }
        ResponseFuture::new_with(operation, describe_body_error, || self.inner.call(request))
    }
}

/// axum wraps every error of a body in its own error type.
fn describe_body_error(error: &dyn Any) -> BodyError {
    match error.downcast_ref::<axum::Error>() {
        Some(error) => (ErrorType::of_body(error).0.into(), String::new()),
        None => tower::describe_body_error(error),
    }
}

/// True if the path ends with a wildcard, behind which another router may know more of the route. A
/// span cannot drop an attribute later.
fn may_lead_on(path: &str) -> bool {
    // axum allows one wildcard, as the last segment.
    let bytes = path.as_bytes();
    let last = bytes
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |slash| slash + 1);
    bytes
        .get(last..)
        .is_some_and(|segment| segment.starts_with(b"{*"))
}

#[cfg(test)]
mod tests {
    use tower_layer::Layer;

    use super::*;

    #[test]
    fn only_wildcards_lead_on() {
        let cases = [
            ("/users/{id}", false),
            ("/files/{*path}", true),
            ("/", false),
        ];
        for (path, expected) in cases {
            assert_eq!(may_lead_on(path), expected, "{path}");
        }
    }

    /// A service that borrows, cannot leave its thread and has an error type without any trait.
    #[test]
    fn nothing_is_asked_of_the_service() {
        struct Borrowing<'a>(&'a std::cell::Cell<u32>);
        struct Unspeakable;

        impl<'a> Service<Request<&'a str>> for Borrowing<'a> {
            type Response = Response<axum::body::Body>;
            type Error = Unspeakable;
            type Future = std::future::Ready<Result<Self::Response, Unspeakable>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unspeakable>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, _: Request<&'a str>) -> Self::Future {
                self.0.set(self.0.get() + 1);
                std::future::ready(Err(Unspeakable))
            }
        }

        let calls = std::cell::Cell::new(0);
        let body = String::from("borrowed");
        let mut service = crate::OtelLayer::new().layer(Borrowing(&calls));
        let mut future = std::pin::pin!(service.call(Request::new(body.as_str())));
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Err(Unspeakable))));
        assert_eq!(calls.get(), 1);
    }
}
