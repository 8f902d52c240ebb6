#![doc = include_str!("../README.md")]

mod baggage;
mod carrier;
mod composite;
mod from_env;
mod hex;
mod resolution;
mod trace_context;
mod whitespace;

pub use baggage::BaggagePropagator;
pub use carrier::http::{HeaderExtractor, HeaderInjector};
pub use composite::CompositePropagator;
pub use from_env::from_env;
pub use resolution::{extract, inject};
pub use trace_context::TraceContextPropagator;
