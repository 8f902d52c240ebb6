//! Adapters between opentelemetry's carrier traits and the places where headers live.

pub(crate) mod http;
