//! The way of one signal, as far as it can be watched: its queue, its exporter, its destination.

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

/// What is known of the way of one signal.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) signal: Signal,
    pub(crate) destination: Destination,
    pub(crate) metrics: Arc<ExportMetrics>,
    /// Metrics have none.
    pub(crate) queue: Option<Arc<Queue>>,
    /// How many of the dropped ones the destination knows of.
    reported: Arc<AtomicU64>,
    /// When it was last said that the queue has room again.
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

    /// Takes note of what the exporter tells, and says what is to be said.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        self.metrics.count(event);
        self.report_dropped();
        let notices = self.destination.heard(self.signal, event);
        // At full load there is always something delivered; what is told is the end of an outage.
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

    /// Says how many were dropped by a burst that is over. At full load the queue is full and has
    /// room again all the time, so this is said once in a while.
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

    /// What was lost, and has not been made up for by a success since.
    pub(crate) fn losses(&self) -> Option<(String, Option<Failure>)> {
        self.report_dropped();
        self.destination.losses(self.signal)
    }

    /// Says at the end how many the queue had no room for, ever.
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
