//! The start of sending, receiving, processing and settling messages (semantic conventions 1.45.0,
//! `docs/messaging`).

mod batch;
mod consumer;
mod creation_context;
mod identity;
mod kafka_error;
mod operation_kind;
mod producer;
mod system;

pub use self::consumer::ConsumerInstrumentation;
pub use self::kafka_error::kafka_error;
pub use self::producer::ProducerInstrumentation;
pub use self::system::MessagingSystem;
