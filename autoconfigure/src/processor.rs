//! The processing of spans or log records that have ended.

use crate::batch::Batch;
use crate::otlp::Target;

/// One destination outside the process.
#[derive(Debug)]
pub(crate) enum Processor {
    Otlp {
        target: Box<Target>,
        batch: Batch,
    },
    /// One item at a time, or in batches.
    Console {
        batch: Option<Batch>,
    },
}
