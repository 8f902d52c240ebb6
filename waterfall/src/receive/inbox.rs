//! Received requests that have not been taken yet, with a limited size.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

#[derive(Clone, Debug)]
pub(super) struct Inbox {
    received: mpsc::UnboundedSender<Received>,
    /// Its permits are bytes.
    room: Arc<Semaphore>,
}

/// A request as received. It is decoded where it is taken: by one thread, in one part of the
/// memory. The results live long, and would otherwise lie between the short-lived data of requests.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) request: Request,
    /// The room that it takes until it is dropped.
    pub(super) room: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) enum Request {
    Spans(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
}

impl Request {
    /// The bytes as sent, and the additional memory of its parts after decoding.
    fn size(&self) -> usize {
        let (sent, parts) = match self {
            Self::Spans(request) => {
                let scopes = request
                    .resource_spans
                    .iter()
                    .flat_map(|one| &one.scope_spans);
                let parts: usize = scopes.map(|scope| scope.spans.len()).sum();
                (request.encoded_len(), parts)
            }
            Self::Logs(request) => {
                let scopes = request.resource_logs.iter().flat_map(|one| &one.scope_logs);
                let parts: usize = scopes.map(|scope| scope.log_records.len()).sum();
                (request.encoded_len(), parts)
            }
        };
        sent.saturating_add(parts.saturating_mul(PART))
    }
}

/// The receiving side is gone.
#[derive(Debug)]
pub(super) struct Closed;

impl Inbox {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Received>) {
        let (received, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(ROOM));
        (Self { received, room }, receiver)
    }

    /// Returns when the request is stored. The sender waits for that before its next ones.
    pub(super) async fn keep(&self, request: Request) -> Result<(), Closed> {
        let bytes = request.size();
        let bytes = u32::try_from(bytes.min(ROOM)).map_err(|_| Closed)?;
        let room = self.room.clone();
        let room = room.acquire_many_owned(bytes).await.map_err(|_| Closed)?;
        let received = Received { request, room };
        self.received.send(received).map_err(|_| Closed)
    }
}

/// The largest accepted request, uncompressed.
pub(super) const LARGEST_REQUEST: usize = 16 * 1024 * 1024;
const ROOM: usize = LARGEST_REQUEST;
/// A span with its ids and lists.
const PART: usize = 512;
