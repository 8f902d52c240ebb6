//! OTLP over HTTP, as protobuf.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Uri;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper_util::client::legacy::Client;

use super::accepted::Accepted;
use super::client::Connector;
use super::client::client;
use crate::failure::Answer;
use crate::failure::Failure;
use crate::failure::FailureKind;
use crate::failure::of_answer;
use crate::failure::of_error;
use crate::response_status::ResponseStatus;

/// The POST of one signal.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client<Connector, Full<Bytes>>,
    url: Uri,
    headers: HeaderMap,
}

impl Http {
    pub(crate) fn new(
        connector: Connector,
        url: Uri,
        mut headers: HeaderMap,
        is_compressed: bool,
    ) -> Self {
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        headers.insert(CONTENT_TYPE, protobuf);
        if is_compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Self {
            client: client(connector, false),
            url,
            headers,
        }
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.headers.contains_key(CONTENT_ENCODING)
    }

    pub(super) async fn attempt(&self, body: Bytes) -> Result<Accepted, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers.clone();
        let answer = self.client.request(request).await;
        let (head, body) = answer.map_err(|error| of_error(&error))?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        // A success whose details were cut off is still a success.
        let body = body.map(http_body_util::Collected::to_bytes);
        let body = body.unwrap_or_default();
        let status = ResponseStatus::Http(head.status.as_u16());
        if head.status.is_success() {
            return Ok(Accepted::decode(status, &body));
        }
        if head.status.is_redirection() {
            let place = head.headers.get("location");
            let place = place
                .and_then(|place| place.to_str().ok())
                .unwrap_or("nowhere");
            let text = format!(
                "{}: redirected to {place}, which is not followed",
                head.status
            );
            return Err(Failure::new(FailureKind::Refused, text).answered(status));
        }
        Err(of_answer(&Answer {
            status: head.status,
            headers: &head.headers,
            body: &body,
        }))
    }
}

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;
