//! The pipeline of the log records.

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::BatchConfigBuilder;
use opentelemetry_sdk::logs::BatchLogProcessor;
use opentelemetry_sdk::logs::LogExporter;
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
use crate::otlp::Target;
use crate::processor::Processor;
use crate::queue::Queue;
use crate::signal::Signal;

/// Where log records go.
#[derive(Debug, Default)]
pub(crate) struct LogPlan {
    pub(crate) processors: Vec<Processor>,
}

impl LogPlan {
    /// Reads the variables.
    pub(crate) fn read(environment: &Environment) -> Result<Self, InitError> {
        for unsupported in [
            "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        ] {
            if let Some(value) = environment.text(unsupported) {
                let what = "not supported for log records by the SDK";
                environment.reject(unsupported, &value, what, "no limit");
            }
        }
        let processors = exporters(environment, Signal::Logs)?.into_iter();
        let processors = processors.map(|exporter| {
            Ok(match exporter {
                Exporter::Otlp => Processor::Otlp {
                    target: Box::new(Target::read(environment, Signal::Logs)?),
                    batch: Batch::of_logs(environment),
                },
                Exporter::Console => Processor::Console { batch: None },
            })
        });
        Ok(Self {
            processors: processors.collect::<Result<_, InitError>>()?,
        })
    }

    /// Creates the provider.
    pub(crate) fn provider(
        self,
        destinations: &mut Destinations,
        resource: &Resource,
        options: &Options,
    ) -> Result<LoggerProviderBuilder, InitError> {
        let mut provider = SdkLoggerProvider::builder().with_resource(resource.clone());
        if let Some(baggage) = &options.baggage {
            provider = provider.with_log_processor(baggage.clone());
        }
        for processor in self.processors {
            provider = match processor {
                Processor::Otlp { target, batch } => {
                    let queue = Arc::new(Queue::of(Signal::Logs, &batch, options.queue_bytes));
                    let bounds = Bounds::of_once(batch.timeout);
                    let exporter =
                        destinations.exporter(Signal::Logs, &target, Some(&queue), bounds)?;
                    let exporter = Released {
                        queue: Arc::clone(&queue),
                        exporter: exporter
                            .logs()
                            .map_err(|error| InitError::unmade(Signal::Logs, error))?,
                    };
                    let next = in_batches(exporter, &batch);
                    provider.with_log_processor(Admitted { queue, next })
                }
                Processor::Console { batch: Some(batch) } => {
                    let exporter = opentelemetry_stdout::LogExporter::default();
                    provider.with_log_processor(in_batches(exporter, &batch))
                }
                Processor::Console { batch: None } => {
                    provider.with_simple_exporter(opentelemetry_stdout::LogExporter::default())
                }
            };
        }
        Ok(provider)
    }
}

fn in_batches(exporter: impl LogExporter + 'static, batch: &Batch) -> BatchLogProcessor {
    let settings = BatchConfigBuilder::default()
        .with_scheduled_delay(batch.delay)
        .with_max_queue_size(batch.queue)
        .with_max_export_batch_size(batch.size)
        .build();
    let processor = BatchLogProcessor::builder(exporter).with_batch_config(settings);
    processor.build()
}
