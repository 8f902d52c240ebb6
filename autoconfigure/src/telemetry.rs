//! The guard: what has been set up, until it is dropped.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use opentelemetry_sdk::{
    logs::SdkLoggerProvider, metrics::SdkMeterProvider, trace::SdkTracerProvider,
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::{
    collectors::Collectors,
    error::ShutdownError,
    outage::say,
    shutdown::{Call, all_until},
    signal::Signal,
    subscriber::Bridge,
    warning::Warning,
};

/// The telemetry of this process, as [`init`](crate::init) has set it up. Keep it until the end
/// of `main`.
///
/// When it is dropped, everything that was recorded is exported and the pipelines are shut down.
/// That takes as long as it takes, but no longer than the time to shut down (five seconds, or what
/// [`Builder::shutdown_timeout`](crate::Builder::shutdown_timeout) says), on any runtime and
/// outside of one. Spans, measurements and events after that go nowhere.
///
/// What could not be exported is logged. To handle it, call [`shutdown`](Self::shutdown).
#[derive(Debug)]
#[must_use = "telemetry is shut down as soon as this is dropped"]
pub struct Telemetry {
    pub(crate) bridge: Bridge,
    pub(crate) metrics: Option<SdkMeterProvider>,
    pub(crate) collectors: Collectors,
    pub(crate) timeout: Duration,
    pub(crate) warnings: Vec<Warning>,
}

impl Telemetry {
    /// Exports what has been recorded so far, and waits for it, as long as a shutdown may take.
    ///
    /// Blocks the thread. In a busy asynchronous application, call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// If something has not arrived, now or since the last time that an export succeeded.
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
        let failures = all_until(Instant::now() + self.timeout, calls);
        self.outcome(failures)
    }

    /// Exports what is left and ends the pipelines, as dropping does, but tells how it went.
    ///
    /// Blocks the thread for at most the time to shut down.
    ///
    /// # Errors
    ///
    /// If something has not arrived, now or since the last time that an export succeeded. A signal
    /// that the collector does not take at all is a warning only.
    pub fn shutdown(self) -> Result<(), ShutdownError> {
        self.end()
    }

    /// What in the environment could not be used. All of it has been logged.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The provider of tracers; `None` if `OTEL_SDK_DISABLED` is true. It is also the global one.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.bridge.traces.as_ref()
    }

    /// The provider of meters; `None` if `OTEL_SDK_DISABLED` is true. It is also the global one.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.metrics.as_ref()
    }

    /// The provider of loggers; `None` if `OTEL_SDK_DISABLED` is true. OpenTelemetry has no global
    /// one.
    #[must_use]
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.bridge.logs.as_ref()
    }

    /// A layer for a subscriber of your own: its spans become spans, its events log records.
    ///
    /// It takes what the subscriber of [`init`](crate::init) would: spans from level `INFO` on and
    /// those that `RUST_LOG` adds, events that `RUST_LOG` asks for (except for directives about
    /// spans and fields, which have to be followed by an `EnvFilter`), and nothing that the
    /// exporters do themselves. Where `RUST_LOG` is not set,
    /// [`Builder::default_directives`](crate::Builder::default_directives) count.
    ///
    /// Put a [`ContextSubscriber`](crate::ContextSubscriber) around the whole. Without it, a filter
    /// such as `EnvFilter` that is a layer of its own takes spans away together with events, and
    /// `Span::current()` is none in a plain handler.
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
        if !self.bridge.is_open.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let timeout = self.timeout;
        let deadline = Instant::now() + timeout;
        // A little earlier, so that the SDK's threads can still say that they were too late.
        self.collectors.close_at(deadline - timeout / 10);
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
        self.outcome(failures)
    }

    fn outcome(&self, mut failures: Vec<String>) -> Result<(), ShutdownError> {
        failures.extend(self.collectors.losses());
        ShutdownError::check(failures)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            // The outage behind it was a warning already.
            say(false, &error.to_string());
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
