//! The values of fields, as OpenTelemetry has them.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;

/// What an integer becomes: text, if it is too large for OpenTelemetry.
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

/// Hands over what `Debug` makes of `value`: with a value that was recorded with `%`, that is what
/// `Display` makes of it.
///
/// The text is written into memory that the thread keeps, so that whoever copies it allocates once.
pub(crate) fn with_text<T>(value: &dyn fmt::Debug, take: impl FnOnce(&str) -> T) -> T {
    with_buffer(|buffer| {
        // A value that cannot be formatted is as long as it got.
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

/// Text that is needed once.
pub(crate) fn owned(text: &str) -> opentelemetry::Value {
    opentelemetry::Value::String(text.to_owned().into())
}

/// Runs `f` with an empty buffer, which is another one if `f` comes back here.
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

/// One huge value must not stay in memory with each thread.
const KEPT: usize = 16 * 1024;
