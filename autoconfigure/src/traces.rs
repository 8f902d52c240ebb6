//! The pipeline of the spans.

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::BatchConfig;
use opentelemetry_sdk::trace::BatchConfigBuilder;
use opentelemetry_sdk::trace::BatchSpanProcessor;
use opentelemetry_sdk::trace::Sampler;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::ShouldSample;
use opentelemetry_sdk::trace::SimpleSpanProcessor;
use opentelemetry_sdk::trace::SpanLimits;
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
use crate::otlp::Target;
use crate::peers::NamedPeers;
use crate::processor::Processor;
use crate::queue::Queue;
use crate::signal::Signal;

/// How spans are made, and where they go.
#[derive(Debug)]
pub(crate) struct TracePlan {
    pub(crate) sampler: Box<dyn ShouldSample>,
    /// The same sampler, if it only looks at parent and trace id.
    pub(crate) early: Option<Sampler>,
    pub(crate) limits: SpanLimits,
    /// How many characters of a value are kept; `None` keeps all.
    pub(crate) value_length: Option<usize>,
    pub(crate) processors: Vec<Processor>,
}

impl TracePlan {
    /// Reads the variables, except for the sampler.
    pub(crate) fn read(
        environment: &Environment,
        sampler: Box<dyn ShouldSample>,
        early: Option<Sampler>,
    ) -> Result<Self, InitError> {
        let processors = exporters(environment, Signal::Traces)?.into_iter();
        let processors = processors.map(|exporter| {
            Ok(match exporter {
                Exporter::Otlp => Processor::Otlp {
                    target: Box::new(Target::read(environment, Signal::Traces)?),
                    batch: Batch::of_spans(environment),
                },
                Exporter::Console => Processor::Console { batch: None },
            })
        });
        Ok(Self {
            sampler,
            early,
            limits: span_limits(environment),
            value_length: value_length(environment),
            processors: processors.collect::<Result<_, InitError>>()?,
        })
    }

    /// A plan that exports nothing.
    pub(crate) fn without_processors() -> Self {
        Self {
            sampler: Self::default_sampler(),
            early: None,
            limits: SpanLimits::default(),
            value_length: None,
            processors: Vec::new(),
        }
    }

    /// The default of a file: follows the parent, and samples everything without a parent.
    pub(crate) fn default_sampler() -> Box<dyn ShouldSample> {
        Box::new(Sampler::parent_based(Sampler::AlwaysOn))
    }

    /// Creates the provider. Even without processors, it makes the ids that logs and outgoing calls
    /// carry.
    pub(crate) fn provider(
        self,
        destinations: &mut Destinations,
        resource: &Resource,
        options: &Options,
    ) -> Result<TracerProviderBuilder, InitError> {
        let mut provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_span_limits(self.limits)
            .with_sampler(self.sampler)
            .with_id_generator(ProposedIds::default());
        if let Some(baggage) = &options.baggage {
            provider = provider.with_span_processor(baggage.clone());
        }
        let length = self.value_length;
        for processor in self.processors {
            let peers = options.peers.clone();
            provider = match processor {
                Processor::Otlp { target, batch } => {
                    let queue = Arc::new(Queue::of(Signal::Traces, &batch, options.queue_bytes));
                    let bounds = Bounds::of_once(batch.timeout);
                    let exporter =
                        destinations.exporter(Signal::Traces, &target, Some(&queue), bounds)?;
                    let exporter = exporter
                        .spans()
                        .map_err(|error| InitError::unmade(Signal::Traces, error))?;
                    destinations.export_early(&queue, batch.early);
                    let exporter = Released {
                        queue: Arc::clone(&queue),
                        exporter,
                    };
                    let next = BatchSpanProcessor::new(exporter, settings(&batch));
                    let next = Admitted { queue, next };
                    let next = Shortening { length, next };
                    provider.with_span_processor(NamedPeers { peers, next })
                }
                Processor::Console { batch: Some(batch) } => {
                    let exporter = opentelemetry_stdout::SpanExporter::default();
                    let next = BatchSpanProcessor::new(exporter, settings(&batch));
                    let next = Shortening { length, next };
                    provider.with_span_processor(NamedPeers { peers, next })
                }
                Processor::Console { batch: None } => {
                    let exporter = opentelemetry_stdout::SpanExporter::default();
                    let next = SimpleSpanProcessor::new(exporter);
                    let next = Shortening { length, next };
                    provider.with_span_processor(NamedPeers { peers, next })
                }
            };
        }
        Ok(provider)
    }
}

fn settings(batch: &Batch) -> BatchConfig {
    BatchConfigBuilder::default()
        .with_scheduled_delay(batch.delay)
        .with_max_queue_size(batch.queue)
        .with_max_export_batch_size(batch.size)
        .build()
}
