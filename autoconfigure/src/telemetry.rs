//! The guard of the telemetry, which ends it when dropped.

use std::error::Error;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::destinations::Destinations;
use crate::early_export::EarlyExport;
use crate::error::ShutdownError;
use crate::error::Undelivered;
use crate::notice::Notice;
use crate::open_spans::wait_for_open_spans;
use crate::shutdown::Call;
use crate::shutdown::all_until;
use crate::signal::Signal;
use crate::subscriber::Bridge;
use crate::warning::Warning;

/// The guard of the telemetry that [`init`](crate::init) has set up for this process.
///
/// Call [`run`](Self::run) on it: it runs a service and drops the guard afterwards, so that no span
/// is lost. Otherwise keep the guard until the end of `main`.
///
/// When the guard is dropped, everything recorded so far is exported, and the pipelines are shut
/// down. Open spans get at most one second to end. Spans that are still open then are lost, and a
/// warning says so. The whole shutdown takes at most five seconds, or the time set by
/// [`Builder::shutdown_timeout`](crate::Builder::shutdown_timeout), on any runtime and outside of
/// one. Later spans, measurements and events are discarded.
///
/// Everything that could not be exported is logged. To handle it yourself, call
/// [`shutdown`](Self::shutdown).
#[derive(Debug)]
#[must_use = "telemetry is shut down as soon as this is dropped"]
pub struct Telemetry {
    pub(crate) bridge: Bridge,
    pub(crate) metrics: Option<SdkMeterProvider>,
    pub(crate) destinations: Destinations,
    pub(crate) early_export: Mutex<Vec<EarlyExport>>,
    pub(crate) timeout: Duration,
    /// When `init` finished, and how much had been recorded by then.
    pub(crate) since: (Instant, u64),
    pub(crate) warnings: Vec<Warning>,
}

impl Telemetry {
    /// Exports everything recorded so far, and waits until it is exported, but no longer than a
    /// shutdown may take.
    ///
    /// This blocks the thread. In an asynchronous application, call it on a thread that may block.
    ///
    /// # Errors
    ///
    /// If something has not arrived, now or since the last successful export. During an outage the
    /// error says what is wrong with the receiver. Data that waits for the end of the outage is not
    /// lost.
    pub fn flush(&self) -> Result<(), ShutdownError> {
        let Self {
            bridge: Bridge { traces, logs, .. },
            metrics,
            ..
        } = self;
        let (traces, metrics, logs) = (traces.clone(), metrics.clone(), logs.clone());
        let calls = calls(
            traces.map(|traces| -> Call { Box::new(move || traces.force_flush()) }),
            metrics.map(|metrics| -> Call { Box::new(move || metrics.force_flush()) }),
            logs.map(|logs| -> Call { Box::new(move || logs.force_flush()) }),
        );
        let mut failures = all_until(Instant::now() + self.timeout, calls);
        for failure in &mut failures {
            if let Some(trouble) = self.destinations.trouble(failure.signal) {
                failure.text = format!("not exported yet, as there is no way to {trouble}");
            }
        }
        self.outcome(failures)
    }

    /// Exports the rest and ends the pipelines, as dropping does, but returns what did not arrive.
    ///
    /// This blocks the thread, at most for the time that a shutdown may take.
    ///
    /// # Errors
    ///
    /// If something has not arrived, now or since the last successful export, or if the receiver
    /// has rejected some of it. If the receiver does not support a signal, this is only a warning,
    /// unless it supports none of them.
    pub fn shutdown(self) -> Result<(), ShutdownError> {
        self.end()
    }

    /// The values in the environment or the configuration file that could not be used. All of them
    /// have been logged.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The tracer provider, which is also the global one. `None` if `OTEL_SDK_DISABLED` is true, or
    /// if the configuration file defines none.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.bridge.traces.as_ref()
    }

    /// The meter provider, which is also the global one. `None` if `OTEL_SDK_DISABLED` is true, or
    /// if nothing collects metrics (`OTEL_METRICS_EXPORTER=none`): nothing is measured then.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.metrics.as_ref()
    }

    /// The logger provider; OpenTelemetry has no global one. `None` if `OTEL_SDK_DISABLED` is true,
    /// or if nothing processes log records (`OTEL_LOGS_EXPORTER=none`): none are made then.
    #[must_use]
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.bridge.logs.as_ref()
    }

    /// A layer for your own subscriber. It exports spans as spans, and events as log records.
    ///
    /// It exports the same as the subscriber of [`init`](crate::init): spans of level `INFO` and
    /// above, spans that `RUST_LOG` adds, and events that `RUST_LOG` selects. It never exports what
    /// the exporters do themselves. Directives about spans and fields also need an `EnvFilter`. If
    /// `RUST_LOG` is not set, [`Builder::default_directives`](crate::Builder::default_directives)
    /// apply.
    ///
    /// Wrap the whole subscriber in a [`ContextSubscriber`](crate::ContextSubscriber). Without it,
    /// a layer that filters, such as `EnvFilter`, removes spans together with events, and
    /// `Span::current()` is no span in a plain handler.
    ///
    /// ```
    /// use otel_autoconfigure::ContextSubscriber;
    /// use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let telemetry = otel_autoconfigure::builder().without_subscriber().init()?;
    /// let subscriber = tracing_subscriber::registry()
    ///     .with(tracing_subscriber::EnvFilter::new("info"))
    ///     .with(telemetry.layer())
    ///     .with(tracing_subscriber::fmt::layer());
    /// ContextSubscriber::new(subscriber).init();
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        self.bridge.layer()
    }

    fn end(&self) -> Result<(), ShutdownError> {
        if !self.bridge.is_open.load(Ordering::Relaxed) {
            return Ok(());
        }
        let deadline = Instant::now() + self.timeout;
        wait_for_open_spans(&self.destinations, self.timeout);
        self.bridge.is_open.store(false, Ordering::Relaxed);
        // The rest is exported now.
        self.early_export
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let timeout = deadline.saturating_duration_since(Instant::now());
        // A little earlier, so that the SDK's threads can still report that they ran out of time.
        self.destinations.close_within(timeout - timeout / 10);
        let Self {
            bridge: Bridge { traces, logs, .. },
            metrics,
            ..
        } = self;
        let (traces, metrics, logs) = (traces.clone(), metrics.clone(), logs.clone());
        let calls = calls(
            traces
                .map(|traces| -> Call { Box::new(move || traces.shutdown_with_timeout(timeout)) }),
            metrics.map(|metrics| -> Call {
                Box::new(move || metrics.shutdown_with_timeout(timeout))
            }),
            logs.map(|logs| -> Call { Box::new(move || logs.shutdown_with_timeout(timeout)) }),
        );
        let failures = all_until(deadline, calls);
        for pipeline in self.destinations.pipelines() {
            pipeline.say_dropped();
        }
        self.outcome(failures)
    }

    fn outcome(&self, mut failures: Vec<Undelivered>) -> Result<(), ShutdownError> {
        failures.extend(self.destinations.losses());
        ShutdownError::check(failures)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let is_open = self.bridge.is_open.load(Ordering::Relaxed);
        let (since, recorded) = self.since;
        let is_unused = self.destinations.recorded() == recorded;
        if is_open && is_unused && since.elapsed() < AT_ONCE {
            Notice::warning(DROPPED_AT_ONCE).say_locally();
        }
        if let Err(error) = self.end() {
            // Without a reason, the outcome is merely unknown.
            match error.source() {
                Some(_) => Notice::warning(error.to_string()).say(),
                None => Notice::information(error.to_string()).say(),
            }
        }
    }
}

fn calls(traces: Option<Call>, metrics: Option<Call>, logs: Option<Call>) -> Vec<(Signal, Call)> {
    [
        (Signal::Traces, traces),
        (Signal::Metrics, metrics),
        (Signal::Logs, logs),
    ]
    .into_iter()
    .filter_map(|(signal, call)| Some((signal, call?)))
    .collect()
}

/// An unused guard that is dropped sooner than this was most likely dropped by mistake.
const AT_ONCE: Duration = Duration::from_millis(10);
const DROPPED_AT_ONCE: &str = "telemetry is shut down as soon as it was set up: `let _ = init()?` \
     drops what init returns at once, and `let _telemetry = init()?` keeps it until the end of main";
