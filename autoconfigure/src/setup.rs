//! Turns the settings of the application and the environment into providers.

use std::fmt;
use std::sync::Arc;
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
use crate::destinations::Destinations;
use crate::detected::Detected;
use crate::directives::Directives;
use crate::early_export::EarlyExport;
use crate::early_sampling::Early;
use crate::error::InitError;
use crate::notice::Notice;
use crate::options::Options;
use crate::peers::Peers;
use crate::plans::Plans;
use crate::provider_source::Source;
use crate::subscriber::Bridge;
use crate::telemetry::Telemetry;
use crate::tracing_options::TracingOptions;

/// The settings made by the application.
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

/// The remaining steps, which cannot fail.
struct Ready {
    telemetry: Telemetry,
    has_subscriber: bool,
    /// The environment's sampler, if it makes the decision.
    early: Option<Sampler>,
    propagator: Option<Propagator>,
    /// A summary of what is sent where, and of which traces.
    summary: Option<String>,
}

impl Settings {
    pub(crate) fn set_up(self) -> Result<Telemetry, InitError> {
        // The SDK's messages about the variables are silenced; the same is reported below, once and
        // in one form.
        let silence = Dispatch::new(NoSubscriber::new());
        let (ready, plans) = dispatcher::with_default(&silence, || {
            let mut plans = Plans::of_process()?;
            Ok((self.build(&mut plans)?, plans))
        })?;
        Ok(ready.make_global(plans))
    }

    /// All steps that can fail, before anything global is changed.
    fn build(self, plans: &mut Plans) -> Result<Ready, InitError> {
        let mut destinations = Destinations::new(self.patience, self.largest_request);
        let directives = Directives::new(
            &plans.environment,
            &self.tracing.directives,
            self.tracing.sqlx_events,
        );
        let mut bridge = Bridge::new(None, None, directives.clone(), self.tracing.clone());
        let mut meters = None;
        let mut summary = None;
        let mut early = None;
        let mut early_export = Vec::new();
        if !plans.is_disabled() {
            let resource = plans.resource(self.service, self.attributes, &self.undetected);
            let options = Options {
                queue_bytes: self.queue_bytes,
                peers: self.peers,
                baggage: Some(self.baggage)
                    .filter(|keys| !keys.is_empty())
                    .map(BaggageAttributes::new),
            };
            let has_sampler = self.sampler.is_some();
            let mut sampled = "the application's own sampler".to_owned();
            let sampler = self.sampler;
            let traces = self.traces.provider(|is_needed| {
                let Some(plan) = plans.traces(sampler, is_needed)? else {
                    return Ok(None);
                };
                if !has_sampler {
                    sampled = format!("{:?}", plan.sampler);
                }
                // The application may have added another sampler.
                early = plan.early.clone().filter(|_| !is_needed);
                plan.provider(&mut destinations, &resource, &options)
                    .map(Some)
            })?;
            let metrics = self.metrics.provider(|is_needed| {
                let plan = plans.metrics(is_needed)?;
                plan.map(|plan| plan.provider(&mut destinations, &resource))
                    .transpose()
            })?;
            let logs = self.logs.provider(|is_needed| {
                let plan = plans.logs(is_needed)?;
                plan.map(|plan| plan.provider(&mut destinations, &resource, &options))
                    .transpose()
            })?;
            if let Some(metrics) = &metrics {
                let meter = metrics.meter(SCOPE);
                for pipeline in destinations.pipelines() {
                    pipeline.metrics.measure(&meter, pipeline.queue.as_ref());
                }
            }
            if let Some(traces) = &traces {
                let early = destinations.early().iter();
                early_export.extend(early.filter_map(|(queue, pause)| {
                    EarlyExport::start(traces.clone(), Arc::clone(queue), *pause)
                }));
            }
            let places = destinations.places().join(", ");
            summary = Some(match places.is_empty() {
                true => "nothing is exported by OTLP".to_owned(),
                false => format!("exporting {places}; traces sampled by {sampled}"),
            });
            bridge = Bridge::new(traces, logs, directives, self.tracing);
            meters = metrics;
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
    fn make_global(self, plans: Plans) -> Telemetry {
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
        // Not earlier: it warns about names that it does not know.
        global::set_text_map_propagator(match self.propagator {
            Some(propagator) => CompositePropagator::new(vec![propagator]),
            None => plans.propagator(),
        });

        plans.install_http_defaults();
        if let Some(summary) = plans.summary() {
            summary.say_locally();
        }

        telemetry.warnings = plans.environment.into_warnings();
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
