//! The observable parts of one signal's pipeline: its queue, its exporter, its destination.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use otel_otlp_exporter::Event;
use otel_otlp_exporter::Failure;

use crate::destination::Destination;
use crate::export_metrics::ExportMetrics;
use crate::notice::Notice;
use crate::queue::Queue;
use crate::signal::Signal;

/// The state of one signal's pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) signal: Signal,
    pub(crate) destination: Destination,
    pub(crate) metrics: Arc<ExportMetrics>,
    /// `None` for metrics.
    pub(crate) queue: Option<Arc<Queue>>,
    /// How many of the dropped items have been reported to the destination.
    reported: Arc<AtomicU64>,
    /// When it was last logged that the queue has room again.
    drained: Arc<Mutex<Option<Instant>>>,
}

impl Pipeline {
    pub(crate) fn new(
        signal: Signal,
        destination: Destination,
        metrics: ExportMetrics,
        queue: Option<Arc<Queue>>,
    ) -> Self {
        Self {
            signal,
            destination,
            metrics: Arc::new(metrics),
            queue,
            reported: Arc::default(),
            drained: Arc::default(),
        }
    }

    /// Records an event of the exporter, and logs the notices that follow from it.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        self.metrics.count(event);
        self.report_dropped();
        let notices = self.destination.heard(self.signal, event);
        // At full load, something is always being delivered; this logs the end of an outage only.
        if matches!(event, Event::Delivered { .. })
            && !notices.is_empty()
            && let Some(queue) = &self.queue
        {
            queue.tell_again();
        }
        for notice in notices {
            notice.say();
        }
        if matches!(event, Event::Delivered { .. }) {
            self.say_drained();
        }
    }

    /// Logs how many items a burst has dropped, once it is over. At full load the queue becomes
    /// full and has room again all the time, so this is only logged once in a while.
    fn say_drained(&self) {
        let Some(queue) = &self.queue else {
            return;
        };
        let Some(dropped) = queue.has_drained() else {
            return;
        };
        let mut said = self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some_and(|said| said.elapsed() < BETWEEN_DRAINED) {
            return;
        }
        *said = Some(Instant::now());
        queue.tell_again();
        let (signal, unit) = (self.signal, self.signal.unit());
        let text = format!(
            "the queue of {signal} has room again: exactly {dropped} {unit} were dropped while it \
             was full"
        );
        Notice::information(text).say_locally();
    }

    /// What was lost and not made up for by a later success.
    pub(crate) fn losses(&self) -> Option<(String, Option<Failure>)> {
        self.report_dropped();
        self.destination.losses(self.signal)
    }

    /// Logs at the end how many items the queue has dropped in total.
    pub(crate) fn say_dropped(&self) {
        let Some(queue) = &self.queue else {
            return;
        };
        let (dropped, unit) = (queue.dropped(), self.signal.unit());
        if dropped > 0 {
            let text = format!("exactly {dropped} {unit} were dropped because the queue was full");
            Notice::warning(text).say_locally();
        }
    }

    fn report_dropped(&self) {
        let Some(queue) = &self.queue else {
            return;
        };
        let dropped = queue.dropped();
        let reported = self.reported.fetch_max(dropped, Ordering::Relaxed);
        if dropped > reported {
            self.destination.dropped(self.signal, dropped - reported);
        }
    }
}

const BETWEEN_DRAINED: Duration = Duration::from_secs(60);
