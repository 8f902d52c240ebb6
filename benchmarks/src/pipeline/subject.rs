//! The measured subject: an application, and the pipeline of its spans.

use std::fmt;

use anyhow::Result;
use axum::Router;
use clap::ValueEnum;

/// An application, and the pipeline of its spans.
pub struct Subject {
    pub service: Router,
    /// Waits until all spans have been sent.
    pub flush: Box<dyn Fn() -> Result<()>>,
    /// Exports the rest of every signal.
    pub shut_down: Box<dyn FnOnce() -> Result<()>>,
}

/// The protocol of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    Grpc,
    Http,
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subject").finish_non_exhaustive()
    }
}
