//! The pipeline of the log records.

use opentelemetry_sdk::{
    Resource,
    logs::{BatchConfigBuilder, BatchLogProcessor, LoggerProviderBuilder, SdkLoggerProvider},
};

use crate::{
    batch::Batch,
    collectors::Collectors,
    environment::Environment,
    error::InitError,
    export::Guarded,
    exporter::{Exporter, exporters},
    signal::Signal,
};

/// A provider with the exporters that the environment asks for.
pub(crate) fn provider(
    environment: &Environment,
    collectors: &mut Collectors,
    resource: &Resource,
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
    for exporter in exporters(environment, Signal::Logs)? {
        provider = match exporter {
            Exporter::Otlp => {
                let batch = Batch::of_logs(environment);
                let (target, pipeline) =
                    collectors.pipeline(environment, Signal::Logs, batch.timeout)?;
                let exporter = Guarded {
                    exporter: pipeline.driver.enter(|| target.log_exporter())?,
                    pipeline,
                };
                let settings = BatchConfigBuilder::default()
                    .with_scheduled_delay(batch.delay)
                    .with_max_queue_size(batch.queue)
                    .with_max_export_batch_size(batch.size)
                    .build();
                let processor = BatchLogProcessor::builder(exporter).with_batch_config(settings);
                provider.with_log_processor(processor.build())
            }
            Exporter::Console => {
                provider.with_simple_exporter(opentelemetry_stdout::LogExporter::default())
            }
        };
    }
    Ok(provider)
}
