//! The receivers that the signals go to, and the one thread that reaches them.

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

/// What is exported by OTLP, and how patiently.
#[derive(Debug)]
pub(crate) struct Destinations {
    patience: Duration,
    largest_request: Option<usize>,
    /// Started for the first signal that is exported.
    thread: Option<ExportThread>,
    pipelines: Vec<Pipeline>,
    /// Where each signal goes, in words.
    places: Vec<String>,
    /// The queues whose first spans are exported early, and after which pause.
    early: Vec<(Arc<Queue>, Duration)>,
}

/// How long one signal's exports may take, beyond what applies to all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How long one attempt may take.
    pub(crate) attempt: Option<Duration>,
    /// For how long there may be another attempt.
    pub(crate) patience: Option<Duration>,
    /// Whether what is given up is in the next export, too.
    pub(crate) is_cumulative: bool,
}

impl Bounds {
    /// Of something that is lost if it is given up, and is given up after this time.
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

    /// What makes an exporter of the signal to this target. What it does is told.
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

    /// The first spans in this queue are exported early, if there is to be such a thing.
    pub(crate) fn export_early(&mut self, queue: &Arc<Queue>, pause: Option<Duration>) {
        let early = pause.map(|pause| (Arc::clone(queue), pause));
        self.early.extend(early);
    }

    pub(crate) fn early(&self) -> &[(Arc<Queue>, Duration)] {
        &self.early
    }

    /// Nothing may take longer than this from now on.
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

    /// How many spans and records there have been to export.
    pub(crate) fn recorded(&self) -> u64 {
        let queues = self
            .pipelines
            .iter()
            .filter_map(|known| known.queue.as_ref());
        queues
            .map(|queue| queue.waiting() as u64 + queue.passed())
            .sum()
    }

    /// Where each signal goes, in words.
    pub(crate) fn places(&self) -> &[String] {
        &self.places
    }

    /// Why a signal does not get through at the moment, if it does not.
    pub(crate) fn trouble(&self, signal: Signal) -> Option<String> {
        let mut of_signal = self.pipelines.iter().filter(|known| known.signal == signal);
        of_signal.find_map(|Pipeline { destination, .. }| {
            let failure = destination.trouble(signal)?;
            Some(format!("{}: {failure}", destination.place()))
        })
    }

    /// What was lost, and has not been made up for by a success since.
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
