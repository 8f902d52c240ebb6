//! The values of fields, as OpenTelemetry has them.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;

/// An integer as OpenTelemetry's type, or as text if it is too large.
pub(crate) enum Integer<T> {
    Fits(i64),
    TooLarge(T),
}

impl<T: Copy + TryInto<i64>> From<T> for Integer<T> {
    fn from(value: T) -> Self {
        match value.try_into() {
            Ok(value) => Self::Fits(value),
            Err(_) => Self::TooLarge(value),
        }
    }
}

/// Passes the `Debug` text of `value` to `take`. For a value recorded with `%`, that is its
/// `Display` text.
///
/// The text is written into a buffer of the thread, so that a copy of it costs one allocation.
pub(crate) fn with_text<T>(value: &dyn fmt::Debug, take: impl FnOnce(&str) -> T) -> T {
    with_buffer(|buffer| {
        // If formatting fails, the text so far is used.
        let _ = write!(buffer, "{value:?}");
        take(buffer)
    })
}

/// The message of an error and those of its causes.
pub(crate) fn with_causes<T>(error: &(dyn Error + 'static), take: impl FnOnce(&str) -> T) -> T {
    with_buffer(|buffer| {
        let _ = write!(buffer, "{error}");
        let mut causes = error.source();
        while let Some(cause) = causes {
            let _ = write!(buffer, ": {cause}");
            causes = cause.source();
        }
        take(buffer)
    })
}

/// Text that the attribute of a span and the line of an event share.
pub(crate) fn shared(text: &str) -> opentelemetry::Value {
    opentelemetry::Value::String(Arc::<str>::from(text).into())
}

/// Text that is used once.
pub(crate) fn owned(text: &str) -> opentelemetry::Value {
    opentelemetry::Value::String(text.to_owned().into())
}

/// Runs `f` with an empty buffer. A nested call gets another buffer.
pub(crate) fn with_buffer<T>(f: impl FnOnce(&mut String) -> T) -> T {
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.clear();
    let result = f(&mut buffer);
    if buffer.capacity() <= KEPT {
        let _ = BUFFER.try_with(|kept| kept.set(buffer));
    }
    result
}

thread_local! {
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// One huge value must not stay in the memory of each thread.
const KEPT: usize = 16 * 1024;
