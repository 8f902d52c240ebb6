//! From the response's head to its trailers.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use otel_instrumentation::Operation;
use pin_project::pin_project;
use tonic::Status;

use crate::call::Call;
use crate::web;

/// A body that ends a call with its trailers, its end, an error or its drop.
///
/// Its errors are the [`Status`] that tonic would make from the errors of the inner body anyway.
/// Nothing else changes. The number of bytes that passed does not matter, because a call is not
/// over before its trailers.
#[pin_project]
pub struct CallBody<B> {
    #[pin]
    inner: B,
    /// `None` if another layer records the call, and after its end.
    call: Option<Call>,
    /// True if the trailers come as a message.
    is_web: bool,
}

impl<B: Body> CallBody<B> {
    /// Records the head of the response. If it is the whole response, the call ends.
    pub(crate) fn wrap(response: Response<B>, mut call: Call) -> Response<Self> {
        call.respond(&response);
        let is_web = web::is_web(response.headers());
        response.map(|inner| {
            let mut call = Some(call);
            if inner.is_end_stream() {
                finish(&mut call);
            }
            Self {
                inner,
                call,
                is_web,
            }
        })
    }

    /// Creates a body that is only passed through.
    pub(crate) fn untouched(inner: B) -> Self {
        Self {
            inner,
            call: None,
            is_web: false,
        }
    }
}

impl<B> Body for CallBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Status>>> {
        let this = self.project();
        let polled = Operation::run_in(this.call, || this.inner.poll_frame(task));
        Poll::Ready(match ready!(polled) {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    finish_with(this.call, trailers);
                } else if let Some(data) = frame.data_ref().filter(|_| *this.is_web)
                    && let Some(trailers) = web::trailers(data.chunk())
                {
                    finish_with(this.call, &trailers);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                let status = Status::from_error(error.into());
                if let Some(call) = this.call {
                    call.record_error(&status);
                }
                finish(this.call);
                Some(Err(status))
            }
            None => {
                finish(this.call);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Generated clients need this if they take an interceptor.
impl<B: Default> Default for CallBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            call: None,
            is_web: false,
        }
    }
}

impl<B: fmt::Debug> fmt::Debug for CallBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallBody")
            .field("inner", &self.inner)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

fn finish_with(call: &mut Option<Call>, trailers: &HeaderMap) {
    if let Some(call) = call.take() {
        call.finish_with(trailers);
    }
}

fn finish(call: &mut Option<Call>) {
    if let Some(call) = call.take() {
        call.finish();
    }
}
