//! A request's body that tells when it is read.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use tonic::Status;

/// Whether somebody has read a request's messages, which is for methods to do: neither the router
/// nor an interceptor does.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestRead(Arc<AtomicBool>);

impl RequestRead {
    pub(crate) fn is_read(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Watches the body of a request. Of tonic's own type only, which is what its server has.
    pub(crate) fn watch<B: 'static>(&self, body: &mut B) {
        let body: &mut dyn Any = body;
        if let Some(body) = body.downcast_mut::<tonic::body::Body>() {
            let inner = std::mem::take(body);
            let read = self.clone();
            *body = tonic::body::Body::new(Watched { inner, read });
        }
    }
}

struct Watched {
    inner: tonic::body::Body,
    read: RequestRead,
}

impl Body for Watched {
    type Data = <tonic::body::Body as Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        self.read.0.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
