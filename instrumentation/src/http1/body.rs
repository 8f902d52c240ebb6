//! From the response's head to the end of its body.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{Method, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use otel_propagation::HeaderExtractor;
use pin_project::{pin_project, pinned_drop};

use super::content_length;
use super::future::Unwinding;
use crate::Operation;

/// `error.type` and message of a body's error.
pub type BodyError = (Cow<'static, str>, String);

/// A body that ends an [`Operation`] when it ends, and counts what it lets through.
///
/// Frames, trailers, `size_hint` and `is_end_stream` are those of the inner body.
#[pin_project(PinnedDrop)]
pub struct ResponseBody<B: Body> {
    #[pin]
    inner: B,
    operation: Option<Operation>,
    passed: u64,
    /// Where no further frame is to be expected.
    length: Option<u64>,
    describe: fn(&B::Error) -> BodyError,
}

impl<B: Body> ResponseBody<B> {
    /// Wraps a response's body; the operation has its head already.
    pub fn wrap(response: Response<B>, method: &Method, operation: Operation) -> Response<Self> {
        Self::wrap_with(response, method, operation, |_| {
            (
                Cow::Borrowed(std::any::type_name::<B::Error>()),
                String::new(),
            )
        })
    }

    /// As [`wrap`](Self::wrap), for bodies whose errors can say more than the name of their type.
    pub fn wrap_with(
        response: Response<B>,
        method: &Method,
        operation: Operation,
        describe: fn(&B::Error) -> BodyError,
    ) -> Response<Self> {
        let without_body = is_without_body(method, response.status());
        let length = content_length(response.headers());
        response.map(|inner| {
            let length = length.or_else(|| inner.size_hint().exact());
            let finished = without_body || inner.is_end_stream() || length == Some(0);
            let mut body = Self {
                inner,
                operation: Some(operation),
                passed: 0,
                length,
                describe,
            };
            if finished {
                finish(&mut body.operation, 0);
            }
            body
        })
    }

    /// A body that is only passed through.
    pub fn untouched(inner: B) -> Self {
        let describe = |_: &B::Error| (Cow::Borrowed(""), String::new());
        Self {
            inner,
            operation: None,
            passed: 0,
            length: None,
            describe,
        }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = Unwinding::run(this.operation, || this.inner.as_mut().poll_frame(task));
        let next = ready!(polled);
        match &next {
            None => finish(this.operation, *this.passed),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    *this.passed = this.passed.saturating_add(data.remaining() as u64);
                }
                let trailers = frame.trailers_ref();
                if let (Some(trailers), Some(operation)) = (trailers, this.operation.as_mut()) {
                    operation.trailers(&HeaderExtractor(trailers));
                }
                let complete = this.length.is_some_and(|length| *this.passed >= length);
                if complete || trailers.is_some() || this.inner.is_end_stream() {
                    finish(this.operation, *this.passed);
                }
            }
            Some(Err(error)) => {
                if let Some(operation) = this.operation.as_mut() {
                    let (error_type, message) = (this.describe)(error);
                    operation.fail(error_type, message);
                }
                finish(this.operation, *this.passed);
            }
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[pinned_drop]
impl<B: Body> PinnedDrop for ResponseBody<B> {
    fn drop(self: Pin<&mut Self>) {
        let this = self.project();
        let Some(operation) = this.operation.as_mut() else {
            return;
        };
        if this.inner.is_end_stream() {
            finish(this.operation, *this.passed);
        } else {
            operation.response_body_size(*this.passed);
        }
    }
}

impl<B: Body + fmt::Debug> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseBody")
            .field("inner", &self.inner)
            .field("operation", &self.operation)
            .field("passed", &self.passed)
            .finish_non_exhaustive()
    }
}

fn finish(operation: &mut Option<Operation>, passed: u64) {
    if let Some(mut operation) = operation.take() {
        operation.response_body_size(passed);
        operation.finish();
    }
}

/// Messages that end with their head, whatever body the service gave them (RFC 9110, section 6.4.1).
fn is_without_body(method: &Method, status: StatusCode) -> bool {
    method == Method::HEAD
        || (method == Method::CONNECT && status.is_success())
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}
