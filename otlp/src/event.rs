//! Events of batches, to be counted or logged.

use std::time::Duration;
use std::time::Instant;

use crate::failure::Failure;
use crate::response_status::ResponseStatus;

/// An event of a batch.
///
/// An export begins with [`Started`](Self::Started). It ends with one
/// [`Delivered`](Self::Delivered) or [`Lost`](Self::Lost) for each request that the batch was split
/// into. Their numbers of items add up to that of `Started`. See
/// [`ExporterBuilder::on_event`](crate::ExporterBuilder::on_event).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The SDK has handed over a batch.
    #[non_exhaustive]
    Started {
        /// The number of spans, log records or data points.
        items: u64,
    },
    /// An attempt to send has failed. A later event says whether the data is lost.
    #[non_exhaustive]
    AttemptFailed {
        /// Why the attempt failed.
        failure: &'a Failure,
        /// When the attempt began.
        began: Instant,
        /// Whether the same request is sent again. A request that is too large is split instead.
        is_retried: bool,
    },
    /// The receiver has accepted a request.
    #[non_exhaustive]
    Delivered {
        /// The number of spans, log records or data points in the request.
        items: u64,
        /// The status of the receiver's answer.
        status: ResponseStatus,
        /// How many items the receiver says it has dropped ("partial success").
        rejected: u64,
        /// The receiver's message, mostly about dropped items. It is usually empty.
        message: &'a str,
        /// How long the request took, with all attempts.
        took: Duration,
    },
    /// A request was given up.
    #[non_exhaustive]
    Lost {
        /// The number of spans, log records or data points in the request.
        items: u64,
        /// `true` if the items are known to be lost. After a timeout, for example, they may have
        /// arrived.
        is_certain: bool,
        /// Why the last attempt failed.
        failure: &'a Failure,
        /// How long the request took, with all attempts.
        took: Duration,
    },
}
