#![doc = include_str!("../README.md")]

mod consumer;
mod facts;
mod headers;
mod producer;

pub use crate::consumer::{MessageStream, OtelConsumer, ProcessOutput, Processing};
pub use crate::headers::{KafkaHeaders, extract_context, inject_context};
pub use crate::producer::{
    DeliveryFuture, InFlight, OtelBaseProducer, OtelProducer, OtelProducerContext,
    OtelThreadedProducer, delivered_headers,
};
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::{
    Attributes, Continue, CreationContext, ErrorType, Message, MessagingConfig, Providers,
    ServerSpan, opentelemetry, server_span,
};
pub use rdkafka;
