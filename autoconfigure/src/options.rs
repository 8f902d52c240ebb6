//! The application's options for the processors of spans and log records.

use crate::baggage_attributes::BaggageAttributes;
use crate::peers::Peers;

/// Options for the pipelines of spans and log records.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) queue_bytes: usize,
    pub(crate) peers: Peers,
    pub(crate) baggage: Option<BaggageAttributes>,
}
