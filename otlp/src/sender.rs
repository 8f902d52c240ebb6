//! A batch of one signal, as one request or as several.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::error::OTelSdkResult;
use tokio::time::Instant;

use crate::delivery::GivenUp;
use crate::delivery::Limits;
use crate::delivery::Memory;
use crate::delivery::deliver;
use crate::event::Event;
use crate::export_thread::ExportThread;
use crate::failure::Failure;
use crate::failure::FailureKind;
use crate::gzip::gzip;
use crate::transport::Accepted;
use crate::transport::Transport;

/// A batch of any signal.
pub(crate) trait Batch {
    /// The largest number of parts that it can be split into.
    fn len(&self) -> usize;

    /// The number of spans, log records or data points in these parts.
    fn items(&self, parts: Range<usize>) -> u64;

    /// A request with these parts.
    fn encode(&mut self, parts: Range<usize>) -> Bytes;

    /// The end of the range of these parts that fits into a request of this size, at least one
    /// part, if it is known before they are encoded. Otherwise a request that is too large is
    /// encoded again as two halves.
    fn fitting(&self, parts: &Range<usize>, _largest: usize) -> usize {
        parts.end
    }
}

/// Sends the requests of one signal.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) transport: Arc<Transport>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) limits: Limits,
    /// How long an attempt may take.
    pub(crate) attempt: Duration,
    /// The size of the largest request that is sent in one piece.
    pub(crate) largest: usize,
    pub(crate) thread: ExportThread,
    pub(crate) is_shut_down: AtomicBool,
}

impl Sender {
    /// Sends the whole batch, in as many requests as necessary. An error says how much was lost,
    /// and why the last part of it was lost.
    pub(crate) async fn export(&self, mut batch: impl Batch) -> OTelSdkResult {
        if self.is_shut_down.load(Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let began = Instant::now();
        let items = batch.items(0..batch.len());
        self.memory.tell(&Event::Started { items });
        let mut loss = Loss::default();
        let all = 0..batch.len();
        let mut left = Vec::from([all]);
        while let Some(mut parts) = left.pop() {
            let end = batch.fitting(&parts, self.largest);
            if end < parts.end {
                left.push(end..parts.end);
                parts.end = end;
            }
            let request = batch.encode(parts.clone());
            if request.len() > self.largest
                && let Some([first, second]) = halves(&parts)
            {
                left.extend([second, first]);
                continue;
            }
            let outcome = self.deliver(request, began).await;
            if let Err(GivenUp { failure, .. }) = &outcome
                && failure.kind() == FailureKind::TooLarge
                && let Some([first, second]) = halves(&parts)
            {
                left.extend([second, first]);
                continue;
            }
            self.tell(batch.items(parts), began.elapsed(), outcome, &mut loss);
        }
        loss.into_result()
    }

    /// Ends the export; later batches are refused.
    pub(crate) fn shut_down(&self) -> OTelSdkResult {
        match self.is_shut_down.swap(true, Ordering::Relaxed) {
            true => Err(OTelSdkError::AlreadyShutdown),
            false => Ok(()),
        }
    }

    async fn deliver(&self, request: Bytes, began: Instant) -> Result<Accepted, GivenUp> {
        let transport = Arc::clone(&self.transport);
        let memory = Arc::clone(&self.memory);
        let limits = self.limits.clone();
        let closing = self.thread.closing();
        let limit = self.attempt;
        let request = match transport.is_compressed_before() {
            true => gzip(&request),
            false => request,
        };
        let delivered = self.thread.run(async move {
            deliver(&limits, &memory, began, closing, || {
                transport.attempt(request.clone(), limit)
            })
            .await
        });
        delivered.await.unwrap_or_else(|| {
            Err(GivenUp {
                failure: Failure::new(FailureKind::ShutDown, "the thread of the exporters is gone"),
                is_certain: false,
            })
        })
    }

    fn tell(
        &self,
        items: u64,
        took: Duration,
        outcome: Result<Accepted, GivenUp>,
        loss: &mut Loss,
    ) {
        match outcome {
            Ok(Accepted {
                status,
                rejected,
                message,
            }) => self.memory.tell(&Event::Delivered {
                items,
                status,
                rejected: rejected.min(items),
                message: &message,
                took,
            }),
            Err(GivenUp {
                failure,
                is_certain,
            }) => {
                self.memory.tell(&Event::Lost {
                    items,
                    is_certain,
                    failure: &failure,
                    took,
                });
                loss.items += items;
                loss.is_uncertain |= !is_certain;
                loss.failure = Some(failure);
            }
        }
    }
}

/// The lost part of a batch.
#[derive(Debug, Default)]
struct Loss {
    items: u64,
    is_uncertain: bool,
    failure: Option<Failure>,
}

impl Loss {
    fn into_result(self) -> OTelSdkResult {
        let Some(failure) = self.failure else {
            return Ok(());
        };
        let up_to = if self.is_uncertain { "up to " } else { "" };
        let text = format!("{failure} ({up_to}{} lost)", self.items);
        Err(OTelSdkError::InternalFailure(text))
    }
}

fn halves(parts: &Range<usize>) -> Option<[Range<usize>; 2]> {
    let middle = parts.start + parts.len() / 2;
    (parts.len() > 1).then_some([parts.start..middle, middle..parts.end])
}
