//! The pipeline of the metrics.

use std::time::Duration;

use opentelemetry_sdk::{
    Resource,
    metrics::{
        Aggregation, Instrument, InstrumentKind, MeterProviderBuilder, PeriodicReader,
        SdkMeterProvider, Stream, exporter::PushMetricExporter,
    },
};

use crate::{
    collectors::Collectors,
    environment::Environment,
    error::InitError,
    export::Guarded,
    exporter::{Exporter, exporters},
    otlp::temporality,
    signal::Signal,
};

/// A provider with the exporters that the environment asks for.
pub(crate) fn provider(
    environment: &Environment,
    collectors: &mut Collectors,
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
                let timeout = ["OTEL_METRIC_EXPORT_TIMEOUT".to_owned()];
                let timeout = environment.timeout(&timeout, TIMEOUT);
                let (target, pipeline) =
                    collectors.pipeline(environment, Signal::Metrics, timeout)?;
                let temporality = temporality(environment);
                if exponential_histograms(environment) {
                    provider = provider.with_view(exponential);
                }
                let exporter = Guarded {
                    exporter: pipeline
                        .driver
                        .enter(|| target.metric_exporter(temporality))?,
                    pipeline,
                };
                provider.with_reader(every(interval, exporter))
            }
            Exporter::Console => {
                let exporter = opentelemetry_stdout::MetricExporter::default();
                provider.with_reader(every(interval, exporter))
            }
        };
    }
    Ok(provider)
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
