//! reqwest's errors as `error.type` and message.

use std::any::Any;
use std::error::Error;
use std::fmt::Write;
use std::io;

use otel_instrumentation::ErrorType;

/// The class of an error, and the messages of its causes.
pub(crate) struct Described {
    pub(crate) error_type: &'static str,
    pub(crate) message: String,
}

impl Described {
    /// An error without a message that may be recorded.
    fn nameless(error_type: &'static str) -> Self {
        Self {
            error_type,
            message: String::new(),
        }
    }
}

/// An error of a tower stack: reqwest's own, or one that another layer boxed.
pub(crate) fn describe_any<E: Any>(error: &E) -> Described {
    let any: &dyn Any = error;
    if let Some(error) = any.downcast_ref::<reqwest::Error>() {
        return describe(error);
    }
    if let Some(error) = any.downcast_ref::<reqwest_middleware::Error>() {
        return describe_middleware(error);
    }
    let boxed = any.downcast_ref::<Box<dyn Error + Send + Sync>>();
    boxed
        .and_then(|boxed| find(boxed.as_ref()))
        .map_or_else(|| Described::nameless(ErrorType::of(error).0), describe)
}

/// An error of reqwest-middleware: reqwest's own, or one that a middleware wrapped.
pub(crate) fn describe_middleware(error: &reqwest_middleware::Error) -> Described {
    match error {
        reqwest_middleware::Error::Reqwest(error) => describe(error),
        reqwest_middleware::Error::Middleware(error) => {
            match error.chain().find_map(find) {
                Some(error) => describe(error),
                // Its text may hold the URL, and its type is erased.
                None => Described::nameless(ErrorType::MIDDLEWARE.0),
            }
        }
    }
}

pub(crate) fn describe(error: &reqwest::Error) -> Described {
    Described {
        error_type: error_type(error).0,
        message: message(error),
    }
}

/// The class of an error, from a bounded set. `connect` comes after the classes that say why
/// connecting failed.
fn error_type(error: &reqwest::Error) -> ErrorType {
    match error {
        error if error.is_timeout() => ErrorType::TIMEOUT,
        error if error.is_dns() => ErrorType::DNS,
        error if error.is_connect() && is_tls(error) => ErrorType::TLS,
        error if error.is_connect() => ErrorType::CONNECT,
        error if error.is_redirect() => ErrorType::REDIRECT,
        error if error.is_decode() => ErrorType::DECODE,
        error if error.is_body() => ErrorType::BODY,
        error if error.is_builder() => ErrorType::BUILDER,
        error if error.is_upgrade() => ErrorType::UPGRADE,
        _ => ErrorType::REQUEST,
    }
}

/// True if the handshake failed. A socket never reports invalid data while it connects; TLS
/// libraries do so if they refuse the peer's data.
fn is_tls(error: &reqwest::Error) -> bool {
    sources(error)
        .filter_map(|source| source.downcast_ref::<io::Error>())
        .any(|source| source.kind() == io::ErrorKind::InvalidData)
}

/// The messages of the causes. The error's own text is left out, because it contains the URL.
fn message(error: &reqwest::Error) -> String {
    let mut message = String::new();
    for source in sources(error).filter(|source| !source.is::<reqwest::Error>()) {
        let separator = if message.is_empty() { "" } else { ": " };
        // Writing to a string cannot fail.
        let _ = write!(message, "{separator}{source}");
    }
    message
}

fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a reqwest::Error> {
    std::iter::successors(Some(error), |error| (*error).source()).find_map(|error| {
        let nested = match error.downcast_ref::<reqwest_middleware::Error>() {
            Some(reqwest_middleware::Error::Reqwest(error)) => Some(error),
            Some(reqwest_middleware::Error::Middleware(error)) => error.downcast_ref(),
            None => None,
        };
        nested.or_else(|| error.downcast_ref())
    })
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}
