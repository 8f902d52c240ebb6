//! The two ways in which telemetry can fail its owner: at the start and at the end.

use std::{error::Error, fmt};

/// Why [`init`](crate::init) could not set telemetry up.
///
/// Values that are merely malformed are no errors but [`Warning`](crate::Warning)s. An error is
/// what cannot be resolved by a default: settings that contradict each other, certificates that
/// cannot be read, `https` without the feature `tls`.
#[derive(Clone, Debug)]
pub struct InitError(String);

impl InitError {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "telemetry cannot be set up: {}", self.0)
    }
}

impl Error for InitError {}

/// What did not arrive although it was waited for.
///
/// Returned by [`Telemetry::shutdown`](crate::Telemetry::shutdown) and
/// [`Telemetry::flush`](crate::Telemetry::flush).
#[derive(Clone, Debug)]
pub struct ShutdownError(Vec<String>);

impl ShutdownError {
    /// An error if there is anything to tell.
    pub(crate) fn check(failures: Vec<String>) -> Result<(), Self> {
        match failures.is_empty() {
            true => Ok(()),
            false => Err(Self(failures)),
        }
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl Error for ShutdownError {}
