//! The service: axum's facts about a request, handed to the instrumentation.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::extract::{ConnectInfo, MatchedPath};
use http::{Request, Response};
use http_body::Body;
use otel_instrumentation::http1::{self, ResponseBody, ResponseFuture};
use otel_instrumentation::{
    self as instrumentation, HttpRecorded, HttpServer, Operation, RouteHandle,
};
use otel_propagation::HeaderExtractor;
use tower_service::Service;

/// What [`OtelLayer`](crate::OtelLayer) makes of a service.
#[derive(Clone, Debug)]
pub struct OtelService<S> {
    inner: S,
    server: HttpServer,
}

impl<S> OtelService<S> {
    pub(crate) fn new(inner: S, server: HttpServer) -> Self {
        Self { inner, server }
    }

    fn start<B>(&self, request: &Request<B>) -> Operation {
        let matched = request
            .extensions()
            .get::<MatchedPath>()
            .map(MatchedPath::as_str);
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let headers = HeaderExtractor(request.headers());
        let mut operation = self.server.start(&instrumentation::Request {
            template: matched.filter(|path| !may_lead_on(path)),
            peer: peer.map(|ConnectInfo(address)| *address),
            ..http1::facts(request, &headers)
        });
        if let Some(path) = matched {
            operation.route(path);
        }
        if operation.measures_bodies()
            && let Some(length) = http1::content_length(request.headers())
        {
            operation.request_body_size(length);
        }
        operation
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for OtelService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
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
        let method = request.method().clone();
        ResponseFuture::new(operation, method, || self.inner.call(request))
    }
}

/// Behind a wildcard another router may know more; a span cannot take back what it was given.
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
}
