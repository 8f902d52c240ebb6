#![doc = include_str!("../README.md")]

mod activity;
mod asked;
mod attached;
mod bridged;
mod changes;
mod context_subscriber;
mod details;
mod draft;
mod held;
mod line;
mod panics;
mod record;
mod record_layer;
mod request;
mod source;
mod span_callbacks;
mod span_events;
mod span_ext;
mod span_layer;
mod takes;
mod tracers;
mod unclaimed;
mod value;
mod waiting;

pub use crate::context_subscriber::ContextSubscriber;
pub use crate::line::{Line, LineLayer, Lines};
pub use crate::panics::record_panics;
pub use crate::record_layer::RecordLayer;
pub use crate::span_ext::{OtelSpanExt, SetParentError};
pub use crate::span_layer::SpanLayer;
