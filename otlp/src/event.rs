//! What happens to batches, for whoever wants to count or tell it.

use std::time::Duration;
use std::time::Instant;

use crate::failure::Failure;
use crate::response_status::ResponseStatus;

/// What has happened to a batch.
///
/// An export begins with [`Started`](Self::Started). It ends with one
/// [`Delivered`](Self::Delivered) or [`Lost`](Self::Lost) for each request that it was split into.
/// Their numbers of items add up to that of `Started`. See
/// [`ExporterBuilder::on_event`](crate::ExporterBuilder::on_event).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The SDK has handed over a batch.
    #[non_exhaustive]
    Started {
        /// Spans, log records or data points.
        items: u64,
    },
    /// An attempt to send has failed. A later event says whether the data is lost.
    #[non_exhaustive]
    AttemptFailed {
        /// Why.
        failure: &'a Failure,
        /// When the attempt began.
        began: Instant,
        /// Whether the same request is sent again. A request that is too large is split instead.
        is_retried: bool,
    },
    /// The receiver has accepted a request.
    #[non_exhaustive]
    Delivered {
        /// Spans, log records or data points in the request.
        items: u64,
        /// What the receiver answered with.
        status: ResponseStatus,
        /// How many of them the receiver says it has dropped ("partial success").
        rejected: u64,
        /// The message of the receiver, mostly about what it has dropped. It is usually empty.
        message: &'a str,
        /// How long it took, with all attempts.
        took: Duration,
    },
    /// A request has been given up.
    #[non_exhaustive]
    Lost {
        /// Spans, log records or data points in the request.
        items: u64,
        /// Whether they are known to be lost. After a timeout, for example, they may have arrived.
        is_certain: bool,
        /// Why the last attempt failed.
        failure: &'a Failure,
        /// How long it took, with all attempts.
        took: Duration,
    },
}
