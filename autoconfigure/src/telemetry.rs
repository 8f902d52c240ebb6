//! The guard: what has been set up, until it is dropped.

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
use crate::shutdown::Call;
use crate::shutdown::all_until;
use crate::signal::Signal;
use crate::subscriber::Bridge;
use crate::warning::Warning;

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
    pub(crate) destinations: Destinations,
    pub(crate) early_export: Mutex<Vec<EarlyExport>>,
    pub(crate) timeout: Duration,
    /// When `init` was done with it, and how much had been recorded then.
    pub(crate) since: (Instant, u64),
    pub(crate) warnings: Vec<Warning>,
}

impl Telemetry {
    /// Exports what has been recorded so far, and waits for it, as long as a shutdown may take.
    ///
    /// Blocks the thread. In a busy asynchronous application, call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// If something has not arrived, now or since the last time that an export succeeded. During
    /// an outage it says what is wrong with the receiver; what waits for the end of the outage is
    /// not lost then.
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

    /// Exports what is left and ends the pipelines, as dropping does, but tells how it went.
    ///
    /// Blocks the thread for at most the time to shut down.
    ///
    /// # Errors
    ///
    /// If something has not arrived, now or since the last time that an export succeeded, or if
    /// the receiver has rejected some of it. A signal that the receiver does not know is a warning
    /// only, unless it knows none.
    pub fn shutdown(self) -> Result<(), ShutdownError> {
        self.end()
    }

    /// What in the environment, or in the configuration file, could not be used. All of it has been logged.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The provider of tracers; `None` if `OTEL_SDK_DISABLED` is true, or
    /// if a configuration file has none. It is also the global one.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.bridge.traces.as_ref()
    }

    /// The provider of meters; `None` if `OTEL_SDK_DISABLED` is true, or
    /// if a configuration file has none. It is also the global one.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.metrics.as_ref()
    }

    /// The provider of loggers; `None` if `OTEL_SDK_DISABLED` is true, or
    /// if a configuration file has none. OpenTelemetry has no global
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
        // What is left is exported now.
        self.early_export
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let timeout = self.timeout;
        let deadline = Instant::now() + timeout;
        // A little earlier, so that the SDK's threads can still say that they were too late.
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
            // Without a reason it is merely not known how it went.
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

/// Nobody sets telemetry up and has nothing to do with it for longer than this, unless by mistake.
const AT_ONCE: Duration = Duration::from_millis(10);
const DROPPED_AT_ONCE: &str = "telemetry is shut down as soon as it was set up: `let _ = init()?` \
     drops what init returns at once, and `let _telemetry = init()?` keeps it until the end of main";
