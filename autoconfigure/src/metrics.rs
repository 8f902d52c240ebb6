//! The pipeline of the metrics.

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use crate::behind_queue::Quiet;
use crate::destinations::Bounds;
use crate::destinations::Destinations;
use crate::environment::Environment;
use crate::error::InitError;
use crate::exporter::Exporter;
use crate::exporter::exporters;
use crate::otlp::Target;
use crate::otlp::temporality;
use crate::signal::Signal;
use crate::views::Defaults;
use crate::views::View;

/// How measurements become metrics, and where they go.
#[derive(Debug, Default)]
pub(crate) struct MetricPlan {
    pub(crate) readers: Vec<Reader>,
    pub(crate) views: Vec<View>,
    /// For instruments that no view selects.
    pub(crate) defaults: Defaults,
}

/// Collects and exports at an interval.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) interval: Duration,
    /// How long an export may take with all attempts, if a limit is set.
    pub(crate) timeout: Option<Duration>,
    pub(crate) temporality: Temporality,
    /// `None` is the console.
    pub(crate) target: Option<Target>,
}

impl MetricPlan {
    /// Reads the variables.
    pub(crate) fn read(environment: &Environment) -> Result<Self, InitError> {
        if let Some(filter) = environment.text(EXEMPLARS)
            && !filter.eq_ignore_ascii_case("always_off")
        {
            let what = "not supported by the SDK, which records no exemplars";
            environment.reject(EXEMPLARS, &filter, what, "always_off");
        }
        let interval = environment.interval("OTEL_METRIC_EXPORT_INTERVAL", Reader::INTERVAL);
        let timeout = ["OTEL_METRIC_EXPORT_TIMEOUT".to_owned()];
        let mut defaults = Defaults::default();
        let mut readers = Vec::new();
        for exporter in exporters(environment, Signal::Metrics)? {
            readers.push(match exporter {
                Exporter::Otlp => {
                    defaults.is_exponential = exponential_histograms(environment);
                    Reader {
                        interval,
                        timeout: environment.optional_timeout(&timeout, TIMEOUT.as_millis()),
                        temporality: temporality(environment),
                        target: Some(Target::read(environment, Signal::Metrics)?),
                    }
                }
                Exporter::Console => Reader {
                    interval,
                    timeout: None,
                    temporality: Temporality::Cumulative,
                    target: None,
                },
            });
        }
        Ok(Self {
            readers,
            views: Vec::new(),
            defaults,
        })
    }

    /// Creates the provider.
    pub(crate) fn provider(
        self,
        destinations: &mut Destinations,
        resource: &Resource,
    ) -> Result<MeterProviderBuilder, InitError> {
        let mut provider = SdkMeterProvider::builder().with_resource(resource.clone());
        for view in &self.views {
            let (view, defaults) = (view.clone(), self.defaults.clone());
            provider = provider.with_view(move |instrument| view.stream(instrument, &defaults));
        }
        if self.defaults != Defaults::default() {
            let (views, defaults) = (self.views, self.defaults);
            provider = provider.with_view(move |instrument| {
                let is_viewed = views.iter().any(|view| view.selects(instrument));
                if is_viewed {
                    return None;
                }
                defaults.stream(instrument)
            });
        }
        for reader in self.readers {
            provider = match &reader.target {
                Some(target) => {
                    let exporter = destinations
                        .exporter(Signal::Metrics, target, None, reader.bounds())?
                        .metrics(reader.temporality)
                        .map_err(|error| InitError::unmade(Signal::Metrics, error))?;
                    provider.with_reader(every(reader.interval, Quiet(exporter)))
                }
                None => {
                    let exporter = opentelemetry_stdout::MetricExporter::builder()
                        .with_temporality(reader.temporality)
                        .build();
                    provider.with_reader(every(reader.interval, exporter))
                }
            };
        }
        Ok(provider)
    }
}

impl Reader {
    /// The default interval.
    pub(crate) const INTERVAL: Duration = Duration::from_secs(60);

    /// The next export repeats cumulative values that were not delivered, so old ones are not
    /// retried then. Deltas are lost if they are given up.
    fn bounds(&self) -> Bounds {
        match self.temporality {
            Temporality::Cumulative => Bounds {
                attempt: self.timeout,
                patience: Some(self.timeout.unwrap_or(TIMEOUT).min(self.interval)),
                is_cumulative: true,
            },
            _ => Bounds::of_once(self.timeout),
        }
    }
}

fn every<E: PushMetricExporter>(interval: Duration, exporter: E) -> PeriodicReader<E> {
    let reader = PeriodicReader::builder(exporter);
    reader.with_interval(interval).build()
}

fn exponential_histograms(environment: &Environment) -> bool {
    let name = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION".to_owned();
    environment
        .choice(&[name], &HISTOGRAMS, "explicit_bucket_histogram")
        .unwrap_or(false)
}

const EXEMPLARS: &str = "OTEL_METRICS_EXEMPLAR_FILTER";
const HISTOGRAMS: [(&str, bool); 2] = [
    ("explicit_bucket_histogram", false),
    ("base2_exponential_bucket_histogram", true),
];
const TIMEOUT: Duration = Duration::from_secs(30);
