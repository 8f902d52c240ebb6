//! `init`, and everything that an application can set itself.

use std::fmt;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::ShouldSample;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::detected::Detected;
use crate::environment::NO_LIMIT;
use crate::error::InitError;
use crate::peers::Peers;
use crate::provider_source::Source;
use crate::setup::Settings;
use crate::telemetry::Telemetry;

/// Sets up traces, metrics and logs from the environment, and connects `tracing` to them.
///
/// It is the same as [`builder`]`().`[`init`](Builder::init)`()`. Call [`run`](Telemetry::run) on
/// the guard that it returns, or keep the guard until the end of `main`.
///
/// ```no_run
/// # use std::{error::Error, time::Duration};
/// fn main() -> Result<(), Box<dyn Error>> {
///     otel_autoconfigure::init()?.run(Duration::from_secs(10), serve())
/// }
///
/// async fn serve() -> Result<(), Box<dyn Error>> {
///     // … until `otel_autoconfigure::shutdown_signal()`
///     # Ok(())
/// }
/// ```
///
/// # Errors
///
/// See [`InitError`].
pub fn init() -> Result<Telemetry, InitError> {
    builder().init()
}

/// Creates a builder with the settings of the environment. The methods of [`Builder`] replace some
/// of them.
pub fn builder() -> Builder {
    Builder(Settings {
        service: None,
        attributes: Vec::new(),
        sampler: None,
        propagator: None,
        traces: Source::Environment(Vec::new()),
        metrics: Source::Environment(Vec::new()),
        logs: Source::Environment(Vec::new()),
        has_subscriber: true,
        tracing: Default::default(),
        timeout: TIMEOUT,
        patience: PATIENCE,
        queue_bytes: QUEUE_BYTES,
        undetected: Vec::new(),
        baggage: Vec::new(),
        peers: Peers::new(),
        largest_request: None,
    })
}

/// Settings made by the application. Everything else is taken from the environment.
///
/// ```
/// use opentelemetry::KeyValue;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let _telemetry = otel_autoconfigure::builder()
///     .default_service_name("orders")
///     .resource_attributes([KeyValue::new("service.version", "1.2.3")])
///     .init()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before `init`"]
pub struct Builder(pub(crate) Settings);

impl Builder {
    /// Sets the name of the service if the environment has none. The default is `unknown_service:`
    /// and the name of the executable.
    pub fn default_service_name(mut self, name: impl Into<String>) -> Self {
        self.0.service = Some(name.into());
        self
    }

    /// Adds attributes to the resource. They replace attributes of the environment with the same
    /// name. There are none by default.
    pub fn resource_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.0.attributes.extend(attributes);
        self
    }

    /// Leaves out detected parts of the resource. By default all parts are detected. Attributes
    /// from the environment or from [`resource_attributes`](Self::resource_attributes) always
    /// override detected ones.
    pub fn without_detected(mut self, parts: impl IntoIterator<Item = Detected>) -> Self {
        self.0.undetected.extend(parts);
        self
    }

    /// Copies these members of the baggage to each span that starts and each log record, as
    /// attributes with the same name. None are copied by default, because baggage comes from the
    /// caller and may contain data that should not be searchable.
    ///
    /// This has no effect on the application's own providers.
    pub fn baggage_attributes(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.baggage.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Gives names to the services behind addresses. A client span whose `server.address` is one of
    /// these gets the name as `server.service.name`, unless it has one already. There are no names
    /// by default.
    ///
    /// This has no effect if a [`tracer_provider`](Self::tracer_provider) is set.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let _telemetry = otel_autoconfigure::builder()
    ///     .peers([("payments.internal", "payment")])
    ///     .init()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn peers(
        mut self,
        peers: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let peers = peers.into_iter();
        let peers = peers.map(|(address, name)| (address.into(), name.into()));
        self.0.peers.extend(peers);
        self
    }

    /// Sets the sampler, which decides which traces are recorded, instead of `OTEL_TRACES_SAMPLER`.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.0.sampler = Some(Box::new(sampler));
        self
    }

    /// Sets the propagator, instead of those that `OTEL_PROPAGATORS` names.
    pub fn propagator(
        mut self,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        self.0.propagator = Some(Box::new(propagator));
        self
    }

    /// Adds processors or an id generator to the tracer provider that the environment describes.
    /// This has no effect if a [`tracer_provider`](Self::tracer_provider) is set. By default
    /// nothing is added.
    pub fn configure_traces(
        mut self,
        configure: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder + 'static,
    ) -> Self {
        self.0.traces.add(configure);
        self
    }

    /// Adds views or readers to the meter provider that the environment describes. This has no
    /// effect if a [`meter_provider`](Self::meter_provider) is set. By default nothing is added.
    pub fn configure_metrics(
        mut self,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + 'static,
    ) -> Self {
        self.0.metrics.add(configure);
        self
    }

    /// Adds processors to the logger provider that the environment describes. This has no effect if
    /// a [`logger_provider`](Self::logger_provider) is set. By default nothing is added.
    pub fn configure_logs(
        mut self,
        configure: impl FnOnce(LoggerProviderBuilder) -> LoggerProviderBuilder + 'static,
    ) -> Self {
        self.0.logs.add(configure);
        self
    }

    /// Uses this tracer provider instead of everything that the environment says about traces. It
    /// becomes the global one and is shut down with the others.
    pub fn tracer_provider(mut self, provider: SdkTracerProvider) -> Self {
        self.0.traces = Source::Application(provider);
        self
    }

    /// Uses this meter provider instead of everything that the environment says about metrics. It
    /// becomes the global one and is shut down with the others.
    pub fn meter_provider(mut self, provider: SdkMeterProvider) -> Self {
        self.0.metrics = Source::Application(provider);
        self
    }

    /// Uses this logger provider instead of everything that the environment says about logs. It is
    /// shut down with the others.
    pub fn logger_provider(mut self, provider: SdkLoggerProvider) -> Self {
        self.0.logs = Source::Application(provider);
        self
    }

    /// Installs no subscriber of `tracing`. The application can add [`Telemetry::layer`] to its own
    /// subscriber. By default a subscriber is installed, unless there is one already.
    pub fn without_subscriber(mut self) -> Self {
        self.0.has_subscriber = false;
        self
    }

    /// Sets how long dropping the guard may take at most; five seconds by default. With
    /// [`Duration::MAX`] there is no limit.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = timeout.min(NO_LIMIT);
        self
    }

    /// Sets how long a batch of spans or records is retried while the receiver is unavailable,
    /// measured from the beginning of its export; five minutes by default.
    /// `OTEL_BSP_EXPORT_TIMEOUT` and `OTEL_BLRP_EXPORT_TIMEOUT` can shorten this time for one
    /// signal.
    ///
    /// New spans and records wait in the queue meanwhile. If the queue is full, they are dropped
    /// and counted.
    pub fn export_patience(mut self, patience: Duration) -> Self {
        self.0.patience = patience.min(NO_LIMIT);
        self
    }

    /// Sets how many bytes of spans, and how many bytes of log records, may wait for their export;
    /// 32 MiB each by default. The variables `OTEL_BSP_MAX_QUEUE_SIZE` and
    /// `OTEL_BLRP_MAX_QUEUE_SIZE` also limit their number.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.0.queue_bytes = bytes;
        self
    }

    /// Sets the size in bytes above which a batch is split into several requests; 4 MiB by default,
    /// which is the default limit of gRPC receivers.
    pub fn largest_request(mut self, bytes: usize) -> Self {
        self.0.largest_request = Some(bytes);
        self
    }

    /// Sets everything up and makes the providers and the propagator the global ones.
    ///
    /// With `OTEL_SDK_DISABLED=true` there are no providers, and nothing is recorded or exported.
    /// The context is still passed on, and log lines are still written.
    ///
    /// # Errors
    ///
    /// See [`InitError`]. In this case nothing has been changed.
    pub fn init(self) -> Result<Telemetry, InitError> {
        self.0.set_up()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Builder").field(&self.0).finish()
    }
}

const TIMEOUT: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(300);
const QUEUE_BYTES: usize = 32 * 1024 * 1024;
