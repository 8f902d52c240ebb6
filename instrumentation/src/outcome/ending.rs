//! What every outcome has: a side, an ending, perhaps a failure.

use std::borrow::Cow;

/// Who an operation belongs to: what is an error is not the same for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// How an operation came to its end, if it did not [fail](crate::Operation::fail).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The response, with its body where that counts, is complete.
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
