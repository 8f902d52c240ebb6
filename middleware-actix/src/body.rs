//! From the response's head to the end of its body.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Version;
use actix_web::web::Bytes;
use otel_instrumentation::{ErrorType, Operation, Transfer};
use pin_project::pin_project;

use crate::error_message::written;
use crate::headers::content_length;

/// A body that ends the request's span when it ends, and counts the bytes that pass.
///
/// Its size is that of the inner body. If an outer middleware takes the whole body at once, by
/// [`try_into_bytes`](MessageBody::try_into_bytes), the span ends there.
#[pin_project]
pub struct OtelMiddlewareBody<B> {
    #[pin]
    inner: B,
    transfer: Transfer,
}

impl<B: MessageBody> OtelMiddlewareBody<B> {
    /// Wraps a response's body. The operation has the response's head already.
    pub(crate) fn wrap(
        response: HttpResponse<B>,
        version: Version,
        operation: Operation,
    ) -> HttpResponse<Self> {
        let length = length(&response, version);
        let transfer = Transfer::new(operation, length);
        response.map_body(|_, inner| Self { inner, transfer })
    }

    /// A body that is only passed through.
    pub(crate) fn untouched(inner: B) -> Self {
        Self {
            inner,
            transfer: Transfer::untouched(),
        }
    }
}

impl<B: MessageBody> MessageBody for OtelMiddlewareBody<B> {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        let next = ready!(this.transfer.run(|| this.inner.poll_next(task)));
        Poll::Ready(match next {
            None => {
                this.transfer.finish();
                None
            }
            Some(Ok(bytes)) => {
                this.transfer.pass(bytes.len() as u64);
                Some(Ok(bytes))
            }
            Some(Err(error)) => {
                let error = error.into();
                if this.transfer.operation().is_some() {
                    let ErrorType(error_type) = ErrorType::of_body(&*error);
                    this.transfer.fail(error_type, written(&error));
                }
                Some(Err(error))
            }
        })
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self {
            inner,
            mut transfer,
        } = self;
        match transfer.run(|| inner.try_into_bytes()) {
            Ok(bytes) => {
                transfer.pass(bytes.len() as u64);
                transfer.finish();
                Ok(bytes)
            }
            Err(inner) => Err(Self { inner, transfer }),
        }
    }

    /// Boxes the wrapper only if it still has an operation to end.
    fn boxed(mut self) -> BoxBody
    where
        B: 'static,
    {
        match self.transfer.operation() {
            Some(_) => BoxBody::new(self),
            None => self.inner.boxed(),
        }
    }
}

impl<B> fmt::Debug for OtelMiddlewareBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelMiddlewareBody")
            .field("transfer", &self.transfer)
            .finish_non_exhaustive()
    }
}

/// The announced size of the body. The header of a stream counts only if actix sends it: over
/// HTTP/1 with `no_chunking`.
fn length<B: MessageBody>(response: &HttpResponse<B>, version: Version) -> Option<u64> {
    let is_chunked = response.head().chunked() && version < Version::HTTP_2;
    match response.body().size() {
        BodySize::None => Some(0),
        BodySize::Sized(length) => Some(length),
        BodySize::Stream if is_chunked => None,
        BodySize::Stream => content_length(response.headers()),
    }
}
