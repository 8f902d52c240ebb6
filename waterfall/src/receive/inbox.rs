//! What has been received and not been taken yet, in a bounded room.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::batch::Batch;
use crate::attributes::Texts;
use crate::otlp;

#[derive(Clone, Debug)]
pub(super) struct Inbox {
    batches: mpsc::UnboundedSender<Batch>,
    /// In bytes as they were sent.
    room: Arc<Semaphore>,
    texts: Arc<Mutex<Texts>>,
    pub(super) keeps_lines: bool,
}

/// Nobody takes out what is put in any more.
#[derive(Debug)]
pub(super) struct Closed;

impl Inbox {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Batch>) {
        let (batches, receiver) = mpsc::unbounded_channel();
        let inbox = Self {
            batches,
            room: Arc::new(Semaphore::new(ROOM)),
            texts: Arc::default(),
            keeps_lines: false,
        };
        (inbox, receiver)
    }

    /// Returns when the spans are kept. The sender waits for it and keeps the next ones.
    pub(super) async fn keep_spans(
        &self,
        request: ExportTraceServiceRequest,
    ) -> Result<(), Closed> {
        let room = self.room(request.encoded_len()).await?;
        let line = self.keeps_lines.then(|| otlp::line_of(&request).ok());
        let batch = Batch::of_spans(request, &mut self.texts());
        self.send(batch, line.flatten(), room)
    }

    pub(super) async fn keep_logs(&self, request: ExportLogsServiceRequest) -> Result<(), Closed> {
        let room = self.room(request.encoded_len()).await?;
        let line = self.keeps_lines.then(|| otlp::line_of(&request).ok());
        self.send(Batch::of_logs(request), line.flatten(), room)
    }

    async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Closed> {
        let bytes = u32::try_from(bytes.min(ROOM)).map_err(|_| Closed)?;
        let room = self.room.clone();
        room.acquire_many_owned(bytes).await.map_err(|_| Closed)
    }

    fn send(
        &self,
        mut batch: Batch,
        line: Option<String>,
        room: OwnedSemaphorePermit,
    ) -> Result<(), Closed> {
        batch.lines.extend(line);
        batch.room = Some(room);
        self.batches.send(batch).map_err(|_| Closed)
    }

    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The largest request that is taken, unpacked.
pub(super) const LARGEST_REQUEST: usize = 16 * 1024 * 1024;
const ROOM: usize = LARGEST_REQUEST;
