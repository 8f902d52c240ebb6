//! The pipeline of the spans.

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::BatchConfigBuilder;
use opentelemetry_sdk::trace::BatchSpanProcessor;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::ShouldSample;
use opentelemetry_sdk::trace::SimpleSpanProcessor;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::admission::Admitted;
use crate::batch::Batch;
use crate::behind_queue::Released;
use crate::destinations::Bounds;
use crate::destinations::Destinations;
use crate::early_sampling::ProposedIds;
use crate::environment::Environment;
use crate::error::InitError;
use crate::exporter::Exporter;
use crate::exporter::exporters;
use crate::limits::Shortening;
use crate::limits::span_limits;
use crate::limits::value_length;
use crate::options::Options;
use crate::peers::NamedPeers;
use crate::queue::Queue;
use crate::signal::Signal;

/// A provider with the exporters that the environment asks for. One without exporters still makes
/// the ids that logs and outgoing calls carry.
pub(crate) fn provider(
    environment: &Environment,
    destinations: &mut Destinations,
    resource: &Resource,
    sampler: Box<dyn ShouldSample>,
    options: &Options,
) -> Result<TracerProviderBuilder, InitError> {
    let mut provider = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_span_limits(span_limits(environment))
        .with_sampler(sampler)
        .with_id_generator(ProposedIds::default());
    if let Some(baggage) = &options.baggage {
        provider = provider.with_span_processor(baggage.clone());
    }
    let length = value_length(environment);
    for exporter in exporters(environment, Signal::Traces)? {
        provider = match exporter {
            Exporter::Otlp => {
                let batch = Batch::of_spans(environment);
                let queue = Arc::new(Queue::new(Signal::Traces, batch.queue, options.queue_bytes));
                let bounds = Bounds::of_once(batch.timeout);
                let exporter =
                    destinations.exporter(environment, Signal::Traces, Some(&queue), bounds)?;
                let exporter = Released {
                    queue: Arc::clone(&queue),
                    exporter: exporter
                        .spans()
                        .map_err(|error| InitError::unmade(Signal::Traces, error))?,
                };
                let settings = BatchConfigBuilder::default()
                    .with_scheduled_delay(batch.delay)
                    .with_max_queue_size(batch.queue)
                    .with_max_export_batch_size(batch.size)
                    .build();
                let next = BatchSpanProcessor::new(exporter, settings);
                let next = Admitted { queue, next };
                let next = Shortening { length, next };
                let peers = options.peers.clone();
                provider.with_span_processor(NamedPeers { peers, next })
            }
            Exporter::Console => {
                let next = SimpleSpanProcessor::new(opentelemetry_stdout::SpanExporter::default());
                let next = Shortening { length, next };
                let peers = options.peers.clone();
                provider.with_span_processor(NamedPeers { peers, next })
            }
        };
    }
    Ok(provider)
}
