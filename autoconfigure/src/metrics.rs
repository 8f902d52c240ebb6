//! The pipeline of the metrics.

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::Aggregation;
use opentelemetry_sdk::metrics::Instrument;
use opentelemetry_sdk::metrics::InstrumentKind;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::Stream;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use crate::behind_queue::Quiet;
use crate::destinations::Bounds;
use crate::destinations::Destinations;
use crate::environment::Environment;
use crate::error::InitError;
use crate::exporter::Exporter;
use crate::exporter::exporters;
use crate::otlp::temporality;
use crate::signal::Signal;

/// A provider with the exporters that the environment asks for.
pub(crate) fn provider(
    environment: &Environment,
    destinations: &mut Destinations,
    resource: &Resource,
) -> Result<MeterProviderBuilder, InitError> {
    if let Some(filter) = environment.text(EXEMPLARS)
        && !filter.eq_ignore_ascii_case("always_off")
    {
        let what = "not supported by the SDK, which records no exemplars";
        environment.reject(EXEMPLARS, &filter, what, "always_off");
    }
    let mut provider = SdkMeterProvider::builder().with_resource(resource.clone());
    let interval = environment.interval("OTEL_METRIC_EXPORT_INTERVAL", INTERVAL);
    for exporter in exporters(environment, Signal::Metrics)? {
        provider = match exporter {
            Exporter::Otlp => {
                let temporality = temporality(environment);
                if exponential_histograms(environment) {
                    provider = provider.with_view(exponential);
                }
                let bounds = bounds(environment, temporality, interval);
                let exporter = destinations
                    .exporter(environment, Signal::Metrics, None, bounds)?
                    .metrics(temporality)
                    .map_err(|error| InitError::unmade(Signal::Metrics, error))?;
                provider.with_reader(every(interval, Quiet(exporter)))
            }
            Exporter::Console => {
                let exporter = opentelemetry_stdout::MetricExporter::default();
                provider.with_reader(every(interval, exporter))
            }
        };
    }
    Ok(provider)
}

/// Cumulative values that were not delivered are in the next export, too: there is no point in
/// going on with old ones then. Deltas are lost if they are given up.
fn bounds(environment: &Environment, temporality: Temporality, interval: Duration) -> Bounds {
    let timeout = ["OTEL_METRIC_EXPORT_TIMEOUT".to_owned()];
    let timeout = environment.optional_timeout(&timeout, TIMEOUT.as_millis());
    match temporality {
        Temporality::Cumulative => Bounds {
            attempt: timeout,
            patience: Some(timeout.unwrap_or(TIMEOUT).min(interval)),
            is_cumulative: true,
        },
        _ => Bounds::of_once(timeout),
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

/// Buckets that find their bounds themselves, as large and as fine as the specification says.
fn exponential(instrument: &Instrument) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram {
        return None;
    }
    let aggregation = Aggregation::Base2ExponentialHistogram {
        max_size: 160,
        max_scale: 20,
        record_min_max: true,
    };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

const EXEMPLARS: &str = "OTEL_METRICS_EXEMPLAR_FILTER";
const HISTOGRAMS: [(&str, bool); 2] = [
    ("explicit_bucket_histogram", false),
    ("base2_exponential_bucket_histogram", true),
];
const INTERVAL: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(30);
