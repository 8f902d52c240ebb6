//! Producers that send the context with each message, and record a span for each.

mod base;
mod client;
mod context;
mod control;
mod delivery;
mod future;
mod in_flight;
mod partitioner;
mod sender;
mod threaded;

pub use self::base::OtelBaseProducer;
pub use self::context::{OtelProducerContext, delivered_headers};
pub use self::delivery::DeliveryFuture;
pub use self::future::OtelProducer;
pub use self::in_flight::InFlight;
pub use self::threaded::OtelThreadedProducer;
