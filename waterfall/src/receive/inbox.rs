//! What has been received and not been taken yet, in a bounded room.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

#[derive(Clone, Debug)]
pub(super) struct Inbox {
    received: mpsc::UnboundedSender<Received>,
    /// In bytes as they were sent.
    room: Arc<Semaphore>,
}

/// A request as it came. What is made of it lives long, and is made where it is taken: by one
/// thread, in one part of the memory, rather than between what comes and goes with requests.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) request: Request,
    /// The room that it takes, until it is dropped.
    pub(super) room: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) enum Request {
    Spans(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
}

/// Nobody takes out what is put in any more.
#[derive(Debug)]
pub(super) struct Closed;

impl Inbox {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Received>) {
        let (received, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(ROOM));
        (Self { received, room }, receiver)
    }

    /// Returns when the request is kept. The sender waits for it and keeps the next ones.
    pub(super) async fn keep(&self, request: Request) -> Result<(), Closed> {
        let bytes = match &request {
            Request::Spans(spans) => spans.encoded_len(),
            Request::Logs(logs) => logs.encoded_len(),
        };
        let bytes = u32::try_from(bytes.min(ROOM)).map_err(|_| Closed)?;
        let room = self.room.clone();
        let room = room.acquire_many_owned(bytes).await.map_err(|_| Closed)?;
        let received = Received { request, room };
        self.received.send(received).map_err(|_| Closed)
    }
}

/// The largest request that is taken, unpacked.
pub(super) const LARGEST_REQUEST: usize = 16 * 1024 * 1024;
const ROOM: usize = LARGEST_REQUEST;
