//! What happens to spans, or to log records, when they are done.

use crate::batch::Batch;
use crate::otlp::Target;

/// One way out of the process.
#[derive(Debug)]
pub(crate) enum Processor {
    Otlp {
        target: Box<Target>,
        batch: Batch,
    },
    /// One by one, or in batches.
    Console {
        batch: Option<Batch>,
    },
}
