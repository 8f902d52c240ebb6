//! The sources of an error.

use std::error::Error;
use std::iter;

/// The error itself, its source, the source of that, and so on.
pub(crate) fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| (*error).source())
}
