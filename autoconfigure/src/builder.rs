//! `init`, and everything that an application can say differently.

use std::{fmt, time::Duration};

use opentelemetry::{KeyValue, global, propagation::TextMapPropagator};
use opentelemetry_sdk::{
    logs::{LoggerProviderBuilder, SdkLoggerProvider},
    metrics::{MeterProviderBuilder, SdkMeterProvider},
    trace::{SdkTracerProvider, ShouldSample, TracerProviderBuilder},
};
use otel_propagation::CompositePropagator;
use tracing::{Dispatch, dispatcher, subscriber::NoSubscriber};

use crate::{
    collectors::Collectors,
    directives::Directives,
    environment::{Environment, NO_LIMIT},
    error::InitError,
    logs, metrics,
    outage::say,
    resource::resource,
    source::Source,
    subscriber::Bridge,
    telemetry::Telemetry,
    traces,
    tracing_options::TracingOptions,
};

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
    Builder {
        service: None,
        attributes: Vec::new(),
        sampler: None,
        propagator: None,
        traces: Source::Environment(Vec::new()),
        metrics: Source::Environment(Vec::new()),
        logs: Source::Environment(Vec::new()),
        has_subscriber: true,
        tracing: TracingOptions::default(),
        timeout: TIMEOUT,
    }
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
pub struct Builder {
    service: Option<String>,
    attributes: Vec<KeyValue>,
    sampler: Option<Box<dyn ShouldSample>>,
    propagator: Option<Propagator>,
    traces: Source<SdkTracerProvider, TracerProviderBuilder>,
    metrics: Source<SdkMeterProvider, MeterProviderBuilder>,
    logs: Source<SdkLoggerProvider, LoggerProviderBuilder>,
    has_subscriber: bool,
    pub(crate) tracing: TracingOptions,
    timeout: Duration,
}

impl Builder {
    /// What the service is called if the environment has no name for it. The default is
    /// `unknown_service:` and the name of the executable.
    pub fn default_service_name(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }

    /// Attributes of the resource. They replace those of the environment with the same name; none
    /// by default.
    pub fn resource_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Decides which traces are recorded, instead of `OTEL_TRACES_SAMPLER`.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// Carries contexts between services, instead of what `OTEL_PROPAGATORS` names.
    pub fn propagator(
        mut self,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        self.propagator = Some(Box::new(propagator));
        self
    }

    /// Adds to the provider of tracers that the environment describes: processors, an id
    /// generator. Without effect beside a [`tracer_provider`](Self::tracer_provider).
    pub fn configure_traces(
        mut self,
        configure: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder + 'static,
    ) -> Self {
        self.traces.add(configure);
        self
    }

    /// Adds to the provider of meters that the environment describes: views, readers. Without
    /// effect beside a [`meter_provider`](Self::meter_provider).
    pub fn configure_metrics(
        mut self,
        configure: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + 'static,
    ) -> Self {
        self.metrics.add(configure);
        self
    }

    /// Adds to the provider of loggers that the environment describes: processors. Without effect
    /// beside a [`logger_provider`](Self::logger_provider).
    pub fn configure_logs(
        mut self,
        configure: impl FnOnce(LoggerProviderBuilder) -> LoggerProviderBuilder + 'static,
    ) -> Self {
        self.logs.add(configure);
        self
    }

    /// A provider of the application's own, instead of all that the environment says about
    /// traces. It is made the global one, and is shut down with the others.
    pub fn tracer_provider(mut self, provider: SdkTracerProvider) -> Self {
        self.traces = Source::Application(provider);
        self
    }

    /// A provider of the application's own, instead of all that the environment says about
    /// metrics. It is made the global one, and is shut down with the others.
    pub fn meter_provider(mut self, provider: SdkMeterProvider) -> Self {
        self.metrics = Source::Application(provider);
        self
    }

    /// A provider of the application's own, instead of all that the environment says about logs.
    /// It is shut down with the others.
    pub fn logger_provider(mut self, provider: SdkLoggerProvider) -> Self {
        self.logs = Source::Application(provider);
        self
    }

    /// Leaves the subscriber of `tracing` to the application, which can add
    /// [`Telemetry::layer`] to its own. By default one is installed, unless there is one.
    pub fn without_subscriber(mut self) -> Self {
        self.has_subscriber = false;
        self
    }

    /// How long dropping the guard may take at most; five seconds by default. With
    /// [`Duration::MAX`] it takes as long as it takes.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(NO_LIMIT);
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
        let environment = Environment::of_process();
        for name in ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"] {
            if let Some(value) = environment.text(name) {
                environment.reject(name, &value, "not supported", "the variables");
            }
        }
        // What the SDK has to say about the variables is said below, once and in one form.
        let silence = Dispatch::new(NoSubscriber::new());
        let (has_subscriber, propagator, mut telemetry) =
            dispatcher::with_default(&silence, || self.build(&environment))?;

        let bridge = &telemetry.bridge;
        let complaint = has_subscriber.then(|| bridge.install()).flatten();
        bridge.record_panics();
        if let Some(provider) = &telemetry.bridge.traces {
            global::set_tracer_provider(provider.clone());
        }
        if let Some(provider) = &telemetry.metrics {
            global::set_meter_provider(provider.clone());
        }
        // Not earlier: it has something to say about names that it does not know.
        global::set_text_map_propagator(match propagator {
            Some(propagator) => CompositePropagator::new(vec![propagator]),
            None => otel_propagation::from_env(),
        });

        telemetry.warnings = environment.into_warnings();
        for warning in &telemetry.warnings {
            say(true, &warning.to_string());
        }
        if let Some(complaint) = complaint {
            say(true, complaint);
        }
        Ok(telemetry)
    }

    /// Everything that can fail, before anything global is touched.
    fn build(
        self,
        environment: &Environment,
    ) -> Result<(bool, Option<Propagator>, Telemetry), InitError> {
        let mut collectors = Collectors::default();
        let directives = Directives::new(environment, &self.tracing.directives);
        let mut telemetry = Telemetry {
            bridge: Bridge::new(None, None, directives.clone(), self.tracing.clone()),
            metrics: None,
            collectors: Collectors::default(),
            timeout: self.timeout,
            warnings: Vec::new(),
        };
        if !environment.flag("OTEL_SDK_DISABLED") {
            let resource = resource(environment, self.service, self.attributes);
            let traces = self.traces.provider(|| {
                traces::provider(environment, &mut collectors, &resource, self.sampler)
            })?;
            let metrics = self
                .metrics
                .provider(|| metrics::provider(environment, &mut collectors, &resource))?;
            let logs = self
                .logs
                .provider(|| logs::provider(environment, &mut collectors, &resource))?;
            telemetry.bridge = Bridge::new(Some(traces), Some(logs), directives, self.tracing);
            telemetry.metrics = Some(metrics);
        }
        telemetry.collectors = collectors;
        Ok((self.has_subscriber, self.propagator, telemetry))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service", &self.service)
            .field("attributes", &self.attributes)
            .field("sampler", &self.sampler)
            .field("has_subscriber", &self.has_subscriber)
            .field("tracing", &self.tracing)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

type Propagator = Box<dyn TextMapPropagator + Send + Sync>;

const TIMEOUT: Duration = Duration::from_secs(5);
