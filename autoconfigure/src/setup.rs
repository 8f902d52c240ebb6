//! Everything in its place: what the application and the environment say becomes providers.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::Sampler;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::ShouldSample;
use opentelemetry_sdk::trace::TracerProviderBuilder;
use otel_instrumentation::EarlySampled;
use otel_propagation::CompositePropagator;
use tracing::Dispatch;
use tracing::dispatcher;
use tracing::subscriber::NoSubscriber;

use crate::baggage_attributes::BaggageAttributes;
use crate::batch::Batch;
use crate::destinations::Destinations;
use crate::detected::Detected;
use crate::directives::Directives;
use crate::early_export::EarlyExport;
use crate::early_sampling::Early;
use crate::environment::Environment;
use crate::error::InitError;
use crate::logs;
use crate::metrics;
use crate::notice::Notice;
use crate::options::Options;
use crate::peers::Peers;
use crate::provider_source::Source;
use crate::resource::resource;
use crate::sampler::sampler;
use crate::signal::Signal;
use crate::subscriber::Bridge;
use crate::telemetry::Telemetry;
use crate::traces;
use crate::tracing_options::TracingOptions;

/// What an application has decided itself.
pub(crate) struct Settings {
    pub(crate) service: Option<String>,
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) sampler: Option<Box<dyn ShouldSample>>,
    pub(crate) propagator: Option<Propagator>,
    pub(crate) traces: Source<SdkTracerProvider, TracerProviderBuilder>,
    pub(crate) metrics: Source<SdkMeterProvider, MeterProviderBuilder>,
    pub(crate) logs: Source<SdkLoggerProvider, LoggerProviderBuilder>,
    pub(crate) has_subscriber: bool,
    pub(crate) tracing: TracingOptions,
    pub(crate) timeout: Duration,
    pub(crate) patience: Duration,
    pub(crate) queue_bytes: usize,
    pub(crate) undetected: Vec<Detected>,
    pub(crate) baggage: Vec<String>,
    pub(crate) peers: Peers,
    pub(crate) largest_request: Option<usize>,
}

pub(crate) type Propagator = Box<dyn TextMapPropagator + Send + Sync>;

/// What is left to do when nothing can fail any more.
struct Ready {
    telemetry: Telemetry,
    has_subscriber: bool,
    /// The environment's sampler, if it is the one that decides.
    early: Option<Sampler>,
    propagator: Option<Propagator>,
    /// What is sent where, and which traces.
    summary: Option<String>,
}

impl Settings {
    pub(crate) fn set_up(self) -> Result<Telemetry, InitError> {
        let environment = Environment::of_process();
        for name in ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"] {
            if let Some(value) = environment.text(name) {
                environment.reject(name, &value, "not supported", "the variables");
            }
        }
        // What the SDK has to say about the variables is said below, once and in one form.
        let silence = Dispatch::new(NoSubscriber::new());
        let ready = dispatcher::with_default(&silence, || self.build(&environment))?;
        Ok(ready.make_global(environment))
    }

    /// Everything that can fail, before anything global is touched.
    fn build(self, environment: &Environment) -> Result<Ready, InitError> {
        let mut destinations = Destinations::new(self.patience, self.largest_request);
        let directives = Directives::new(environment, &self.tracing.directives);
        let mut bridge = Bridge::new(None, None, directives.clone(), self.tracing.clone());
        let mut meters = None;
        let mut summary = None;
        let mut early_export = None;
        let mut early = None;
        if !environment.flag("OTEL_SDK_DISABLED") {
            let undetected = self.undetected;
            let resource = resource(environment, self.service, self.attributes, &undetected);
            let options = Options {
                queue_bytes: self.queue_bytes,
                peers: self.peers,
                baggage: Some(self.baggage)
                    .filter(|keys| !keys.is_empty())
                    .map(BaggageAttributes::new),
            };
            let mut sampled = "the application's own sampler".to_owned();
            let is_touched = self.traces.is_touched();
            let traces = self.traces.provider(|| {
                let sampler = self.sampler.unwrap_or_else(|| {
                    let sampler = sampler(environment);
                    sampled = format!("{sampler:?}");
                    // What the application adds may be another sampler.
                    early = Some(sampler.clone()).filter(|_| !is_touched);
                    Box::new(sampler)
                });
                traces::provider(environment, &mut destinations, &resource, sampler, &options)
            })?;
            let metrics = self
                .metrics
                .provider(|| metrics::provider(environment, &mut destinations, &resource))?;
            let logs = self
                .logs
                .provider(|| logs::provider(environment, &mut destinations, &resource, &options))?;
            let meter = metrics.meter(SCOPE);
            for pipeline in destinations.pipelines() {
                pipeline.metrics.measure(&meter, pipeline.queue.as_ref());
            }
            early_export = destinations.pipelines().iter().find_map(|pipeline| {
                let queue = pipeline
                    .queue
                    .clone()
                    .filter(|_| pipeline.signal == Signal::Traces)?;
                let delay = Batch::early(environment)?;
                EarlyExport::start(traces.clone(), queue, delay)
            });
            let places = destinations.places().join(", ");
            summary = Some(match places.is_empty() {
                true => "nothing is exported by OTLP".to_owned(),
                false => format!("exporting {places}; traces sampled by {sampled}"),
            });
            bridge = Bridge::new(Some(traces), Some(logs), directives, self.tracing);
            meters = Some(metrics);
        }
        Ok(Ready {
            telemetry: Telemetry {
                bridge,
                metrics: meters,
                destinations,
                early_export: Mutex::new(early_export),
                timeout: self.timeout,
                since: (Instant::now(), 0),
                warnings: Vec::new(),
            },
            has_subscriber: self.has_subscriber,
            early,
            propagator: self.propagator,
            summary,
        })
    }
}

impl Ready {
    fn make_global(self, environment: Environment) -> Telemetry {
        let mut telemetry = self.telemetry;
        let bridge = &telemetry.bridge;
        let complaint = self.has_subscriber.then(|| bridge.install()).flatten();
        bridge.record_panics();
        if let Some(provider) = &telemetry.bridge.traces {
            let provider = provider.clone();
            let early = self.early.and_then(|it| Early::new(it, &bridge.is_open));
            match early {
                Some(early) => global::set_tracer_provider(EarlySampled::new(provider, early)),
                None => global::set_tracer_provider(provider),
            }
        }
        if let Some(provider) = &telemetry.metrics {
            global::set_meter_provider(provider.clone());
        }
        // Not earlier: it has something to say about names that it does not know.
        global::set_text_map_propagator(match self.propagator {
            Some(propagator) => CompositePropagator::new(vec![propagator]),
            None => otel_propagation::from_env(),
        });

        telemetry.warnings = environment.into_warnings();
        for warning in &telemetry.warnings {
            Notice::warning(warning.to_string()).say();
        }
        if let Some(complaint) = complaint {
            Notice::warning(complaint).say();
        }
        if let Some(summary) = self.summary {
            Notice::information(summary).say_locally();
        }
        telemetry.since = (Instant::now(), telemetry.destinations.recorded());
        telemetry
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("service", &self.service)
            .field("attributes", &self.attributes)
            .field("sampler", &self.sampler)
            .field("has_subscriber", &self.has_subscriber)
            .field("tracing", &self.tracing)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

const SCOPE: &str = "otel-autoconfigure";
