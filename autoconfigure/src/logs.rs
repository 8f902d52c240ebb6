//! The pipeline of the log records.

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::BatchConfigBuilder;
use opentelemetry_sdk::logs::BatchLogProcessor;
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::logs::SdkLoggerProvider;

use crate::admission::Admitted;
use crate::batch::Batch;
use crate::behind_queue::Released;
use crate::destinations::Bounds;
use crate::destinations::Destinations;
use crate::environment::Environment;
use crate::error::InitError;
use crate::exporter::Exporter;
use crate::exporter::exporters;
use crate::options::Options;
use crate::queue::Queue;
use crate::signal::Signal;

/// A provider with the exporters that the environment asks for.
pub(crate) fn provider(
    environment: &Environment,
    destinations: &mut Destinations,
    resource: &Resource,
    options: &Options,
) -> Result<LoggerProviderBuilder, InitError> {
    for unsupported in [
        "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ] {
        if let Some(value) = environment.text(unsupported) {
            let what = "not supported for log records by the SDK";
            environment.reject(unsupported, &value, what, "no limit");
        }
    }
    let mut provider = SdkLoggerProvider::builder().with_resource(resource.clone());
    if let Some(baggage) = &options.baggage {
        provider = provider.with_log_processor(baggage.clone());
    }
    for exporter in exporters(environment, Signal::Logs)? {
        provider = match exporter {
            Exporter::Otlp => {
                let batch = Batch::of_logs(environment);
                let queue = Arc::new(Queue::new(Signal::Logs, batch.queue, options.queue_bytes));
                let bounds = Bounds::of_once(batch.timeout);
                let exporter =
                    destinations.exporter(environment, Signal::Logs, Some(&queue), bounds)?;
                let exporter = Released {
                    queue: Arc::clone(&queue),
                    exporter: exporter
                        .logs()
                        .map_err(|error| InitError::unmade(Signal::Logs, error))?,
                };
                let settings = BatchConfigBuilder::default()
                    .with_scheduled_delay(batch.delay)
                    .with_max_queue_size(batch.queue)
                    .with_max_export_batch_size(batch.size)
                    .build();
                let processor = BatchLogProcessor::builder(exporter).with_batch_config(settings);
                let next = processor.build();
                provider.with_log_processor(Admitted { queue, next })
            }
            Exporter::Console => {
                provider.with_simple_exporter(opentelemetry_stdout::LogExporter::default())
            }
        };
    }
    Ok(provider)
}
