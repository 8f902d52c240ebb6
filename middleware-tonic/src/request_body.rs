//! A request's body that reports how far it was read.

use std::any::Any;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::sources::sources;

/// How far a request's messages were read. Only methods read them, neither the router nor an
/// interceptor. If the body is not watched, it counts as never read.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestProgress(Option<Arc<AtomicU8>>);

impl RequestProgress {
    /// Progress of a call whose body is watched.
    pub(crate) fn watched() -> Self {
        Self(Some(Arc::default()))
    }

    /// Watches the body of a request, if it has the type of tonic's server or of an axum router.
    pub(crate) fn watch<B: 'static>(&self, body: &mut B) {
        let Some(progress) = &self.0 else { return };
        let body: &mut dyn Any = body;
        if let Some(body) = body.downcast_mut::<tonic::body::Body>() {
            *body = tonic::body::Body::new(Watched::new(body, progress));
        } else if let Some(body) = body.downcast_mut::<axum_core::body::Body>() {
            *body = axum_core::body::Body::new(Watched::new(body, progress));
        }
    }

    /// True if the messages were asked for.
    pub(crate) fn is_read(&self) -> bool {
        self.state() != UNREAD
    }

    /// True if the messages ended early, in either of the two ways below.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.state() > READ
    }

    /// True if the connection was lost, or the stream was reset. tonic hides some of these errors
    /// from methods, which then see a normal end.
    pub(crate) fn is_broken(&self) -> bool {
        self.state() == BROKEN
    }

    /// True if the messages ended without the client's end of stream. hyper ends a stream like this
    /// if the client has cancelled it.
    pub(crate) fn is_cut(&self) -> bool {
        self.state() == CUT
    }

    fn state(&self) -> u8 {
        self.0
            .as_ref()
            .map_or(UNREAD, |state| state.load(Ordering::Relaxed))
    }
}

struct Watched<B> {
    inner: B,
    progress: Arc<AtomicU8>,
}

impl<B: Default> Watched<B> {
    fn new(body: &mut B, progress: &Arc<AtomicU8>) -> Self {
        Self {
            inner: std::mem::take(body),
            progress: progress.clone(),
        }
    }
}

impl<B> Body for Watched<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(task);
        let state = match &polled {
            Poll::Ready(Some(Err(error))) if is_transport(error) => BROKEN,
            Poll::Ready(None) if !self.inner.is_end_stream() => CUT,
            _ => READ,
        };
        // `fetch_max` keeps the first end: nothing follows it.
        self.progress.fetch_max(state, Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// True if an error came from the connection, and not from a layer that limits or decodes.
fn is_transport(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(<dyn Error>::is::<hyper::Error>)
}

const UNREAD: u8 = 0;
const READ: u8 = 1;
const CUT: u8 = 2;
const BROKEN: u8 = 3;
