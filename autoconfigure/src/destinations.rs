//! The receivers of the signals, and the one thread that sends to them.

use std::sync::Arc;
use std::time::Duration;

use otel_otlp_exporter::ExportThread;
use otel_otlp_exporter::ExporterBuilder;

use crate::destination::Destination;
use crate::error::InitError;
use crate::error::Undelivered;
use crate::export_metrics::Component;
use crate::export_metrics::ExportMetrics;
use crate::otlp::Target;
use crate::pipeline::Pipeline;
use crate::queue::Queue;
use crate::signal::Signal;

/// What is exported over OTLP, and how long it is retried.
#[derive(Debug)]
pub(crate) struct Destinations {
    patience: Duration,
    largest_request: Option<usize>,
    /// Started with the first signal that is exported.
    thread: Option<ExportThread>,
    pipelines: Vec<Pipeline>,
    /// Where each signal goes, as text.
    places: Vec<String>,
    /// The queues whose first spans are exported early, and the pause that must come before.
    early: Vec<(Arc<Queue>, Duration)>,
}

/// Limits for the exports of one signal, beyond those of all signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The longest time of one attempt.
    pub(crate) attempt: Option<Duration>,
    /// How long further attempts are made.
    pub(crate) patience: Option<Duration>,
    /// Whether the next export repeats what was given up.
    pub(crate) is_cumulative: bool,
}

impl Bounds {
    /// Limits of data that are lost when given up, which happens after this time.
    pub(crate) fn of_once(timeout: Option<Duration>) -> Self {
        Self {
            attempt: timeout,
            patience: timeout,
            is_cumulative: false,
        }
    }
}

impl Destinations {
    pub(crate) fn new(patience: Duration, largest_request: Option<usize>) -> Self {
        Self {
            patience,
            largest_request,
            thread: None,
            pipelines: Vec::new(),
            places: Vec::new(),
            early: Vec::new(),
        }
    }

    /// The builder of the signal's exporter to this target. The exporter's events are reported.
    pub(crate) fn exporter(
        &mut self,
        signal: Signal,
        target: &Target,
        queue: Option<&Arc<Queue>>,
        bounds: Bounds,
    ) -> Result<ExporterBuilder, InitError> {
        let thread = match &self.thread {
            Some(thread) => thread.clone(),
            None => ExportThread::start().map_err(|error| {
                InitError::because(signal, "no thread for the exporters", error)
            })?,
        };
        let place = target.endpoint.place();
        let mut known = self.pipelines.iter().map(|pipeline| &pipeline.destination);
        let destination = known
            .find(|known| known.place() == place && !known.has(signal))
            .cloned()
            .unwrap_or_else(|| Destination::new(&place));
        let url = target.endpoint.display();
        destination.add(signal, &url, bounds.is_cumulative);
        let of_signal = self.pipelines.iter().filter(|known| known.signal == signal);
        let component = Component {
            kind: target.component(signal),
            index: of_signal.count(),
            host: target.endpoint.url.host().unwrap_or_default(),
            port: target.endpoint.port(),
        };
        let metrics = ExportMetrics::new(signal, &component);
        let pipeline = Pipeline::new(signal, destination, metrics, queue.cloned());
        let patience = bounds
            .patience
            .map_or(self.patience, |bound| bound.min(self.patience));
        let attempt = bounds
            .attempt
            .map_or(target.timeout, |bound| bound.min(target.timeout));
        let hearing = pipeline.clone();
        let mut builder = target
            .exporter()
            .thread(&thread)
            .patience(patience)
            .attempt_timeout(attempt)
            .on_event(move |event| hearing.hear(event));
        if let Some(largest) = self.largest_request {
            builder = builder.largest_request(largest);
        }
        self.places
            .push(format!("{signal} to {}", target.in_words()));
        self.thread = Some(thread);
        self.pipelines.push(pipeline);
        Ok(builder)
    }

    /// Exports the first spans in this queue early, if a pause is given.
    pub(crate) fn export_early(&mut self, queue: &Arc<Queue>, pause: Option<Duration>) {
        let early = pause.map(|pause| (Arc::clone(queue), pause));
        self.early.extend(early);
    }

    pub(crate) fn early(&self) -> &[(Arc<Queue>, Duration)] {
        &self.early
    }

    /// From now on nothing may take longer than `time`.
    pub(crate) fn close_within(&self, time: Duration) {
        for pipeline in &self.pipelines {
            pipeline.destination.close();
        }
        if let Some(thread) = &self.thread {
            thread.close_within(time);
        }
    }

    pub(crate) fn pipelines(&self) -> &[Pipeline] {
        &self.pipelines
    }

    /// The number of spans and records recorded for export.
    pub(crate) fn recorded(&self) -> u64 {
        self.queues().map(|queue| queue.recorded()).sum()
    }

    /// The number of spans that have begun and not ended.
    pub(crate) fn open(&self) -> u64 {
        self.queues().map(|queue| queue.open()).max().unwrap_or(0)
    }

    fn queues(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.pipelines
            .iter()
            .filter_map(|known| known.queue.as_ref())
    }

    /// Where each signal goes, as text.
    pub(crate) fn places(&self) -> &[String] {
        &self.places
    }

    /// Why a signal cannot be delivered at the moment, if it cannot.
    pub(crate) fn trouble(&self, signal: Signal) -> Option<String> {
        let mut of_signal = self.pipelines.iter().filter(|known| known.signal == signal);
        of_signal.find_map(|Pipeline { destination, .. }| {
            let failure = destination.trouble(signal)?;
            Some(format!("{}: {failure}", destination.place()))
        })
    }

    /// What was lost and not made up for by a later success.
    pub(crate) fn losses(&self) -> impl Iterator<Item = Undelivered> {
        self.pipelines.iter().filter_map(|pipeline| {
            let (text, reason) = pipeline.losses()?;
            Some(Undelivered {
                signal: pipeline.signal,
                text,
                reason: reason.map(|reason| Arc::new(reason) as _),
            })
        })
    }
}
