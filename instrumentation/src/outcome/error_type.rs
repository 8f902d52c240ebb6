//! `error.type`: every class that the suite may emit, except status codes and names of types.

use std::any::{Any, type_name};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;

use crate::semconv;

/// The `error.type` of a response, set by a handler that knows more than the status code says.
///
/// Put it into the response's extensions. The server span is then an error, whatever the status,
/// and the span and the duration metric carry this value. It is `'static` because it is a label of
/// a metric.
///
/// ```
/// # #[cfg(feature = "tower")] {
/// use otel_instrumentation::ErrorType;
///
/// let mut response = http::Response::new("declined");
/// *response.status_mut() = http::StatusCode::PAYMENT_REQUIRED;
/// response.extensions_mut().insert(ErrorType("card_declined"));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorType(pub &'static str);

impl ErrorType {
    /// A body failed, or was shorter than announced.
    pub const BODY: Self = Self("body");
    /// The operation was dropped before its end.
    pub const CANCELLED: Self = Self(CANCELLED);
    /// A panic occurred.
    pub const PANIC: Self = Self(PANIC);
    /// The deadline of a call passed.
    pub const DEADLINE_EXCEEDED: Self = Self("DEADLINE_EXCEEDED");
    /// The timeout of a client or a layer expired.
    pub const TIMEOUT: Self = Self("timeout");
    /// No connection could be established.
    pub const CONNECT: Self = Self("connect");
    /// The name of the host could not be resolved.
    pub const DNS: Self = Self("dns");
    /// The TLS handshake failed.
    pub const TLS: Self = Self("tls");
    /// There were too many redirects, or one without a valid target.
    pub const REDIRECT: Self = Self("redirect");
    /// A body, or the value of a column, could not be decoded.
    pub const DECODE: Self = Self("decode");
    /// A value that a query was given could not be encoded.
    pub const ENCODE: Self = Self("encode");
    /// The other side violated the protocol, or the driver lost step with it.
    pub const PROTOCOL: Self = Self("protocol");
    /// The connection broke.
    pub const IO: Self = Self("io");
    /// No connection of the pool became free in time.
    pub const POOL_TIMEOUT: Self = Self("pool_timeout");
    /// The pool of connections is closed.
    pub const POOL_CLOSED: Self = Self("pool_closed");
    /// The request could not be built.
    pub const BUILDER: Self = Self("builder");
    /// The connection could not be upgraded.
    pub const UPGRADE: Self = Self("upgrade");
    /// The request could not be sent, for none of the reasons above.
    pub const REQUEST: Self = Self("request");
    /// Another middleware of the client failed.
    pub const MIDDLEWARE: Self = Self("middleware");
    /// An error whose type is not known.
    pub const OTHER: Self = Self(semconv::OTHER);

    /// The class of an error of a service: [`TIMEOUT`](Self::TIMEOUT) or [`CONNECT`](Self::CONNECT)
    /// if one of these caused it, else the name of its type, or `_OTHER` if it is boxed and its
    /// type is unknown.
    ///
    /// The sources of boxed errors are searched for the standard library's socket errors and, with
    /// the feature `tower`, for the timeout errors of tower and tokio and the errors of hyper.
    ///
    /// ```
    /// use std::error::Error;
    /// use std::io;
    /// use otel_instrumentation::ErrorType;
    ///
    /// assert_eq!(ErrorType::of(&std::fmt::Error), ErrorType("core::fmt::Error"));
    ///
    /// let boxed: Box<dyn Error + Send + Sync> = "unknown".into();
    /// assert_eq!(ErrorType::of(&boxed), ErrorType::OTHER);
    ///
    /// let boxed: Box<dyn Error + Send + Sync> = io::Error::from(io::ErrorKind::TimedOut).into();
    /// assert_eq!(ErrorType::of(&boxed), ErrorType::TIMEOUT);
    /// ```
    #[must_use]
    pub fn of<E: Any>(error: &E) -> Self {
        match unboxed(error) {
            Some(error) => find(error).unwrap_or(Self::OTHER),
            None => as_error(error)
                .and_then(find)
                .unwrap_or(Self(type_name::<E>())),
        }
    }

    /// The class of an error that interrupted a body: [`TIMEOUT`](Self::TIMEOUT) if a timeout
    /// caused it, else [`BODY`](Self::BODY).
    ///
    /// ```
    /// use std::io;
    /// use otel_instrumentation::ErrorType;
    ///
    /// let error = io::Error::from(io::ErrorKind::ConnectionReset);
    /// assert_eq!(ErrorType::of_body(&error), ErrorType::BODY);
    /// ```
    #[must_use]
    pub fn of_body(error: &(dyn Error + 'static)) -> Self {
        match find(error) {
            Some(Self::TIMEOUT) => Self::TIMEOUT,
            _ => Self::BODY,
        }
    }
}

/// The error inside a box, if `error` is one.
pub(crate) fn unboxed(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send>>() {
        return Some(&**error);
    }
    let error = error.downcast_ref::<Box<dyn Error>>()?;
    Some(&**error)
}

/// `error` as an error, if its type is known here.
pub(crate) fn as_error(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    fn is<E: Error + 'static>(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
        error.downcast_ref::<E>().map(|error| error as _)
    }
    let found = is::<io::Error>(error);
    #[cfg(feature = "tokio")]
    let found = found.or_else(|| is::<tokio::time::error::Elapsed>(error));
    #[cfg(feature = "tower")]
    let found = found
        .or_else(|| is::<tower::timeout::error::Elapsed>(error))
        .or_else(|| is::<hyper::Error>(error));
    found
}

/// The first class found in an error and its sources.
fn find(error: &(dyn Error + 'static)) -> Option<ErrorType> {
    iter::successors(Some(error), |&error| error.source()).find_map(class)
}

fn class(error: &(dyn Error + 'static)) -> Option<ErrorType> {
    #[cfg(feature = "tokio")]
    if error.is::<tokio::time::error::Elapsed>() {
        return Some(ErrorType::TIMEOUT);
    }
    #[cfg(feature = "tower")]
    if error.is::<tower::timeout::error::Elapsed>() {
        return Some(ErrorType::TIMEOUT);
    }
    #[cfg(feature = "tower")]
    if error.downcast_ref().is_some_and(hyper::Error::is_timeout) {
        return Some(ErrorType::TIMEOUT);
    }
    let error = error.downcast_ref::<io::Error>()?;
    match error.kind() {
        ErrorKind::TimedOut => Some(ErrorType::TIMEOUT),
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => Some(ErrorType::CONNECT),
        // The wrapper of another crate's error; its own source skips that error.
        _ => find(error.get_ref()?),
    }
}

pub(crate) const CANCELLED: &str = "cancelled";
pub(crate) const PANIC: &str = "panic";

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Wrapping(Box<dyn Error + Send + Sync>);

    impl std::fmt::Display for Wrapping {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("wrapping")
        }
    }

    impl Error for Wrapping {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.0)
        }
    }

    #[test]
    fn the_class_of_an_error_is_found_below_boxes_and_wrappings() {
        let kinds = [
            (ErrorKind::TimedOut, ErrorType::TIMEOUT, ErrorType::TIMEOUT),
            (
                ErrorKind::ConnectionRefused,
                ErrorType::CONNECT,
                ErrorType::BODY,
            ),
            (
                ErrorKind::ConnectionReset,
                ErrorType::OTHER,
                ErrorType::BODY,
            ),
        ];
        for (kind, of_service, of_body) in kinds {
            let boxed = || -> Box<dyn Error + Send + Sync> { io::Error::from(kind).into() };
            let wrapped = || -> Box<dyn Error + Send + Sync> { Wrapping(boxed()).into() };
            let again = || -> Box<dyn Error + Send + Sync> { io::Error::other(wrapped()).into() };
            for error in [boxed(), wrapped(), again()] {
                assert_eq!(ErrorType::of(&error), of_service, "{error:?}");
                assert_eq!(ErrorType::of_body(&*error), of_body, "{error:?}");
                let error: Box<dyn Error + Send> = error;
                assert_eq!(ErrorType::of(&error), of_service, "{error:?}");
                let error: Box<dyn Error> = error;
                assert_eq!(ErrorType::of(&error), of_service, "{error:?}");
            }
        }
    }

    #[test]
    fn errors_that_are_not_boxed_have_a_name_unless_they_have_a_class() {
        assert_eq!(ErrorType::of(&"text"), ErrorType("&str"));
        let reset = io::Error::from(ErrorKind::ConnectionReset);
        assert_eq!(ErrorType::of(&reset), ErrorType("std::io::error::Error"));
        let late = io::Error::from(ErrorKind::TimedOut);
        assert_eq!(ErrorType::of(&late), ErrorType::TIMEOUT);
    }

    #[cfg(feature = "tower")]
    #[test]
    fn timeouts_of_tower_are_timeouts() {
        let elapsed = tower::timeout::error::Elapsed::new();
        assert_eq!(ErrorType::of(&elapsed), ErrorType::TIMEOUT);
        let boxed: Box<dyn Error + Send + Sync> = elapsed.into();
        assert_eq!(ErrorType::of(&boxed), ErrorType::TIMEOUT);
        assert_eq!(ErrorType::of_body(&*boxed), ErrorType::TIMEOUT);
    }
}
