//! From reqwest's request to the beginning of the operation.

use opentelemetry::propagation::Extractor;
use otel_instrumentation::{self as instrumentation, HttpClientInstrumentation, Operation};
use otel_propagation::{HeaderExtractor, HeaderInjector};
use reqwest::{Request, Url};

/// Begins the operation and writes its context into the request's headers.
pub(crate) fn start(
    client: &HttpClientInstrumentation,
    request: &mut Request,
    template: Option<&str>,
    resend_count: u32,
) -> Operation {
    let headers = HeaderExtractor(request.headers());
    let mut operation = client.start_resend(&facts(request, template, &headers), resend_count);
    operation.inject(&mut HeaderInjector(request.headers_mut()));
    if let Some(size) = body_size(request) {
        operation.record_request_body_size(size);
    }
    operation
}

/// The version is left out, because a request does not know which one will be negotiated.
fn facts<'a>(
    request: &'a Request,
    template: Option<&'a str>,
    headers: &'a dyn Extractor,
) -> instrumentation::Request<'a> {
    let url = request.url();
    instrumentation::Request::new(request.method().as_str(), url.path(), headers)
        .scheme(url.scheme())
        .authority(url.authority())
        .query(query(url))
        .template(template)
}

/// The query with the fragment, which is not sent but belongs to `url.full`.
fn query(url: &Url) -> Option<&str> {
    if url.fragment().is_none() {
        return url.query();
    }
    let (before, _) = url.as_str().split_once('#')?;
    let start = before.find('?').map_or(before.len(), |mark| mark + 1);
    url.as_str().get(start..)
}

/// The size of the body, if reqwest knows it before sending.
fn body_size(request: &Request) -> Option<u64> {
    match request.body() {
        None => Some(0),
        Some(body) => http_body::Body::size_hint(body).exact(),
    }
}
