#![doc = include_str!("../README.md")]

mod b3;
mod baggage;
mod carrier;
mod composite;
mod detached;
mod from_env;
mod hex;
mod jaeger;
mod resolution;
mod sampling;
mod trace_context;
mod whitespace;
mod xray;

pub use b3::B3Propagator;
pub use baggage::BaggagePropagator;
pub use carrier::environment::{EnvironmentExtractor, EnvironmentInjector};
pub use carrier::header::{HeaderExtractor, HeaderLines};
pub use carrier::http::HeaderInjector;
pub use carrier::message::{MessageExtractor, MessageHeaders, MessageHeadersMut, MessageInjector};
pub use composite::CompositePropagator;
pub use detached::linked_root;
#[cfg(feature = "tokio")]
pub use detached::{spawn_blocking_with_context, spawn_with_context};
pub use from_env::{by_name, from_env};
pub use jaeger::JaegerPropagator;
pub use resolution::{extract, inject, set_default};
pub use trace_context::{TraceContextPropagator, server_timing};
pub use xray::XrayPropagator;
