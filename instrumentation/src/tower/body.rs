//! From the response's head to the end of its body.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project::{pin_project, pinned_drop};

use super::content_length;
use crate::operation::{Operation, Transfer};
use crate::outcome::{ErrorType, as_error, unboxed};

/// `error.type` and message of a body's error.
pub type BodyError = (Cow<'static, str>, String);

/// A body that ends an [`Operation`] when it ends, and counts the bytes that pass.
///
/// Frames, trailers, `size_hint` and `is_end_stream` are those of the inner body.
#[pin_project(PinnedDrop)]
pub struct ResponseBody<B: Body> {
    #[pin]
    inner: B,
    transfer: Transfer,
    describe: fn(&dyn Any) -> BodyError,
}

impl<B: Body> ResponseBody<B> {
    /// Wraps a response's body. The operation must have the response's head already.
    ///
    /// [`ErrorType::of_body`] classifies errors of the body.
    pub fn wrap(response: Response<B>, operation: Operation) -> Response<Self> {
        Self::wrap_with(response, operation, describe_body_error)
    }

    /// The same as [`wrap`](Self::wrap), for bodies whose errors say more. `describe` gets the
    /// body's own error type.
    pub fn wrap_with(
        response: Response<B>,
        operation: Operation,
        describe: fn(&dyn Any) -> BodyError,
    ) -> Response<Self> {
        // Most bodies know their size, and a look-up of the header has to hash its name.
        let exact = response.body().size_hint().exact();
        let length = exact.or_else(|| content_length(response.headers()));
        response.map(|inner| {
            let mut transfer = Transfer::new(operation, length);
            if inner.is_end_stream() {
                transfer.finish();
            }
            Self {
                inner,
                transfer,
                describe,
            }
        })
    }

    /// Creates a body that is only passed through; nothing is recorded.
    pub fn untouched(inner: B) -> Self {
        Self {
            inner,
            transfer: Transfer::untouched(),
            describe: describe_body_error,
        }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Error: 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = this.transfer.run(|| this.inner.as_mut().poll_frame(task));
        let next = ready!(polled);
        match &next {
            None => this.transfer.finish(),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.transfer.pass(data.remaining() as u64);
                }
                if frame.is_trailers() || this.inner.is_end_stream() {
                    this.transfer.finish();
                }
            }
            Some(Err(error)) => {
                if this.transfer.operation().is_some() {
                    let (error_type, message) = (this.describe)(error);
                    this.transfer.fail(error_type, message);
                }
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
        // A panic leaves the body in an unknown state. Calling it may panic again, which aborts the
        // process while it is still unwinding.
        let may_ask = this.transfer.operation().is_some() && !std::thread::panicking();
        if may_ask && this.inner.is_end_stream() {
            this.transfer.finish_as_is();
        }
    }
}

/// Outer layers need this if they answer requests themselves.
impl<B: Body + Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B: Body + fmt::Debug> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseBody")
            .field("inner", &self.inner)
            .field("transfer", &self.transfer)
            .finish_non_exhaustive()
    }
}

/// The class of a body's error, as [`ResponseBody::wrap`] finds it: by [`ErrorType::of_body`] if
/// its type is boxed or known here, else `body`.
#[must_use]
pub fn describe_body_error(error: &dyn Any) -> BodyError {
    let error = unboxed(error).or_else(|| as_error(error));
    let ErrorType(error_type) = error.map_or(ErrorType::BODY, ErrorType::of_body);
    (Cow::Borrowed(error_type), String::new())
}
