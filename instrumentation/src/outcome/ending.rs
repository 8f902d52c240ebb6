//! The parts of every outcome: a side, an ending, and possibly a failure.

use std::borrow::Cow;

/// The side that an operation belongs to. It decides what counts as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// How an operation ended, if it did not [fail](crate::Operation::fail).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The response is complete, including its body if that counts.
    Finished,
    /// Dropped before that, with or without a response head.
    Dropped,
    /// Dropped by the unwinding of a panic.
    Panicked,
}

/// A failure that was reported.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error_type: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
}
