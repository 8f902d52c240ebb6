//! The message of an error.

use std::fmt::{Display, Write};

/// The message as far as it can be written. `to_string` would panic if `Display` returns an error.
pub(crate) fn written(error: &dyn Display) -> String {
    let mut message = String::new();
    let _ = write!(message, "{error}");
    message
}
