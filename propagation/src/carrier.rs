//! Adapters between opentelemetry's carrier traits and the types that hold headers.

pub(crate) mod environment;
pub(crate) mod header;
pub(crate) mod http;
pub(crate) mod lines;
pub(crate) mod message;
