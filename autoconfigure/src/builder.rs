//! `init`, and everything that an application can say differently.

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

/// Sets up traces, metrics and logs as the environment says, and `tracing` to go with them.
///
/// Short for [`builder`]`().`[`init`](Builder::init)`()`. Keep what is returned until the end of
/// `main`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let _telemetry = otel_autoconfigure::init()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// See [`InitError`].
pub fn init() -> Result<Telemetry, InitError> {
    builder().init()
}

/// Starts from what the environment says; the methods of [`Builder`] replace parts of it.
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

/// What an application decides itself. Whatever it does not mention is left to the environment.
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
    /// What the service is called if the environment has no name for it. The default is
    /// `unknown_service:` and the name of the executable.
    pub fn default_service_name(mut self, name: impl Into<String>) -> Self {
        self.0.service = Some(name.into());
        self
    }

    /// Attributes of the resource. They replace those of the environment with the same name; none
    /// by default.
    pub fn resource_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.0.attributes.extend(attributes);
        self
    }

    /// Leaves parts of the resource out that are found out rather than said. By default there are
    /// all of them. What the environment or [`resource_attributes`](Self::resource_attributes) say
    /// comes before them anyway.
    pub fn without_detected(mut self, parts: impl IntoIterator<Item = Detected>) -> Self {
        self.0.undetected.extend(parts);
        self
    }

    /// Copies these members of the baggage to each span that starts and each log record while they
    /// are in the context, as attributes with the same name. None by default: baggage comes from
    /// whoever calls, and may hold what nobody should search for.
    ///
    /// Without effect beside providers of the application's own.
    pub fn baggage_attributes(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.baggage.extend(keys.into_iter().map(Into::into));
        self
    }

    /// What the services behind addresses are called: client spans whose `server.address` is one
    /// of these get the name as `server.service.name`, unless they have one. None by default.
    ///
    /// Without effect beside a [`tracer_provider`](Self::tracer_provider).
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

    /// Decides which traces are recorded, instead of `OTEL_TRACES_SAMPLER`.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.0.sampler = Some(Box::new(sampler));
        self
    }

    /// Carries contexts between services, instead of what `OTEL_PROPAGATORS` names.
    pub fn propagator(
        mut self,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        self.0.propagator = Some(Box::new(propagator));
        self
    }

    /// Adds to the provider of tracers that the environment describes: processors, an id
    /// generator. Without effect beside a [`tracer_provider`](Self::tracer_provider).
    pub fn configure_traces(
        mut self,
        configure: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder + 'static,
    ) -> Self {
        self.0.traces.add(configure);
        self
    }

    /// Adds to the provider of meters that the environment describes: views, readers. Without
    /// effect beside a [`meter_provider`](Self::meter_provider).
    pub fn configure_metrics(
        mut self,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + 'static,
    ) -> Self {
        self.0.metrics.add(configure);
        self
    }

    /// Adds to the provider of loggers that the environment describes: processors. Without effect
    /// beside a [`logger_provider`](Self::logger_provider).
    pub fn configure_logs(
        mut self,
        configure: impl FnOnce(LoggerProviderBuilder) -> LoggerProviderBuilder + 'static,
    ) -> Self {
        self.0.logs.add(configure);
        self
    }

    /// A provider of the application's own, instead of all that the environment says about
    /// traces. It is made the global one, and is shut down with the others.
    pub fn tracer_provider(mut self, provider: SdkTracerProvider) -> Self {
        self.0.traces = Source::Application(provider);
        self
    }

    /// A provider of the application's own, instead of all that the environment says about
    /// metrics. It is made the global one, and is shut down with the others.
    pub fn meter_provider(mut self, provider: SdkMeterProvider) -> Self {
        self.0.metrics = Source::Application(provider);
        self
    }

    /// A provider of the application's own, instead of all that the environment says about logs.
    /// It is shut down with the others.
    pub fn logger_provider(mut self, provider: SdkLoggerProvider) -> Self {
        self.0.logs = Source::Application(provider);
        self
    }

    /// Leaves the subscriber of `tracing` to the application, which can add
    /// [`Telemetry::layer`] to its own. By default one is installed, unless there is one.
    pub fn without_subscriber(mut self) -> Self {
        self.0.has_subscriber = false;
        self
    }

    /// How long dropping the guard may take at most; five seconds by default. With
    /// [`Duration::MAX`] it takes as long as it takes.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = timeout.min(NO_LIMIT);
        self
    }

    /// For how long a batch of spans or records is tried while the receiver is away, since its
    /// export began; five minutes by default. `OTEL_BSP_EXPORT_TIMEOUT` and
    /// `OTEL_BLRP_EXPORT_TIMEOUT` can make it shorter for one signal.
    ///
    /// What is recorded meanwhile waits in the queue, and is dropped and counted when that is full.
    pub fn export_patience(mut self, patience: Duration) -> Self {
        self.0.patience = patience.min(NO_LIMIT);
        self
    }

    /// How many bytes of spans, and as many of log records, may wait for their export; 32 MiB by
    /// default. The variables `OTEL_BSP_MAX_QUEUE_SIZE` and `OTEL_BLRP_MAX_QUEUE_SIZE` limit their
    /// number besides.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.0.queue_bytes = bytes;
        self
    }

    /// The size in bytes above which a batch is split into several requests; 4 MiB by default,
    /// which is what receivers of gRPC accept unless they are told otherwise.
    pub fn largest_request(mut self, bytes: usize) -> Self {
        self.0.largest_request = Some(bytes);
        self
    }

    /// Sets everything up and makes the providers and the propagator the global ones.
    ///
    /// With `OTEL_SDK_DISABLED=true` there are no providers, nothing is recorded or exported, and
    /// contexts are still passed on; log lines are still written.
    ///
    /// # Errors
    ///
    /// See [`InitError`]. Nothing has been changed then.
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
