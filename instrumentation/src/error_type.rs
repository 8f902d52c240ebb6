//! `error.type`: every class that the suite may emit, besides status codes and names of types.

use std::any::type_name;
use std::error::Error;

use crate::semconv;

/// The `error.type` of a response, named by the handler that knows better than its status code.
///
/// Put it into the response's extensions: the server span becomes an error, whatever the status,
/// and span and duration metric carry this value. It is a label of a metric, hence `'static`.
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
    /// A body that broke off, or ended before as many bytes as were announced.
    pub const BODY: Self = Self("body");
    /// An operation that was dropped before its end.
    pub const CANCELLED: Self = Self(CANCELLED);
    /// A panic.
    pub const PANIC: Self = Self(PANIC);
    /// A call whose deadline passed.
    pub const DEADLINE_EXCEEDED: Self = Self("DEADLINE_EXCEEDED");
    /// The time of a client, or of a layer, was up.
    pub const TIMEOUT: Self = Self("timeout");
    /// No connection came about.
    pub const CONNECT: Self = Self("connect");
    /// The name of the host could not be resolved.
    pub const DNS: Self = Self("dns");
    /// The TLS handshake failed.
    pub const TLS: Self = Self("tls");
    /// Too many redirects, or one that leads nowhere.
    pub const REDIRECT: Self = Self("redirect");
    /// A body, or the value of a column, could not be decoded.
    pub const DECODE: Self = Self("decode");
    /// A value that a query was given could not be encoded.
    pub const ENCODE: Self = Self("encode");
    /// The other side does not keep to the protocol, or the driver came out of step with it.
    pub const PROTOCOL: Self = Self("protocol");
    /// The connection broke.
    pub const IO: Self = Self("io");
    /// No connection of the pool came free in time.
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
    /// An error whose type has no name.
    pub const OTHER: Self = Self(semconv::OTHER);

    /// The class of an error that nothing else is known of: the name of its type, or `_OTHER` where
    /// it is boxed and the name says nothing.
    ///
    /// ```
    /// use std::error::Error;
    /// use otel_instrumentation::ErrorType;
    ///
    /// assert_eq!(ErrorType::of::<std::fmt::Error>(), ErrorType("core::fmt::Error"));
    /// assert_eq!(ErrorType::of::<Box<dyn Error + Send + Sync>>(), ErrorType::OTHER);
    /// ```
    #[must_use]
    pub fn of<E>() -> Self {
        let name = type_name::<E>();
        let boxed = [
            type_name::<Box<dyn Error>>(),
            type_name::<Box<dyn Error + Send>>(),
            type_name::<Box<dyn Error + Send + Sync>>(),
        ];
        if boxed.contains(&name) {
            Self::OTHER
        } else {
            Self(name)
        }
    }
}

pub(crate) const CANCELLED: &str = "cancelled";
pub(crate) const PANIC: &str = "panic";
