//! The pipeline of the spans.

use opentelemetry_sdk::{
    Resource,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, ShouldSample,
        SimpleSpanProcessor, TracerProviderBuilder,
    },
};

use crate::{
    batch::Batch,
    collectors::Collectors,
    environment::Environment,
    error::InitError,
    export::Guarded,
    exporter::{Exporter, exporters},
    limits::{Shortening, span_limits, value_length},
    sampler::sampler,
    signal::Signal,
};

/// A provider with the exporters that the environment asks for. One without exporters still makes
/// the ids that logs and outgoing calls carry.
pub(crate) fn provider(
    environment: &Environment,
    collectors: &mut Collectors,
    resource: &Resource,
    own_sampler: Option<Box<dyn ShouldSample>>,
) -> Result<TracerProviderBuilder, InitError> {
    let mut provider = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_span_limits(span_limits(environment))
        .with_sampler(own_sampler.unwrap_or_else(|| Box::new(sampler(environment))));
    let length = value_length(environment);
    for exporter in exporters(environment, Signal::Traces)? {
        provider = match exporter {
            Exporter::Otlp => {
                let batch = Batch::of_spans(environment);
                let (target, pipeline) =
                    collectors.pipeline(environment, Signal::Traces, batch.timeout)?;
                let exporter = Guarded {
                    exporter: pipeline.driver.enter(|| target.span_exporter())?,
                    pipeline,
                };
                let settings = BatchConfigBuilder::default()
                    .with_scheduled_delay(batch.delay)
                    .with_max_queue_size(batch.queue)
                    .with_max_export_batch_size(batch.size)
                    .build();
                let next = BatchSpanProcessor::new(exporter, settings);
                provider.with_span_processor(Shortening { length, next })
            }
            Exporter::Console => {
                let next = SimpleSpanProcessor::new(opentelemetry_stdout::SpanExporter::default());
                provider.with_span_processor(Shortening { length, next })
            }
        };
    }
    Ok(provider)
}
