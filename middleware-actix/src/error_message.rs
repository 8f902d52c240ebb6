//! What an error says.

use std::fmt::{Display, Write};

/// As far as it can be written: `to_string` panics where a `Display` returns an error.
pub(crate) fn written(error: &dyn Display) -> String {
    let mut message = String::new();
    let _ = write!(message, "{error}");
    message
}
