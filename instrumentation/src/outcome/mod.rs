//! How operations end: the attributes and labels that an outcome adds, and what is an error.
//!
//! One file of pure rules for each convention, and the classes of errors. Nothing here depends on
//! operations.

mod db;
mod ending;
mod error_type;
mod grpc_code;
mod http;
mod message;
mod messaging;
mod rpc;

pub(crate) use self::db::DbOutcome;
pub(crate) use self::ending::{Ending, Failure, Side};
pub use self::error_type::ErrorType;
pub(crate) use self::error_type::PANIC;
#[cfg(feature = "tower")]
pub(crate) use self::error_type::{as_error, unboxed};
pub(crate) use self::grpc_code::GrpcCode;
pub(crate) use self::http::HttpOutcome;
pub(crate) use self::messaging::{Messages, MessagingOutcome};
pub(crate) use self::rpc::RpcOutcome;

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};

/// What an operation learns by its end, by its convention.
#[derive(Debug)]
pub(crate) enum Outcome {
    Http(HttpOutcome),
    Rpc(RpcOutcome),
    Messaging(MessagingOutcome),
    Db(DbOutcome),
}

impl Outcome {
    /// Completes the outcome; nothing more is learned after this.
    pub(crate) fn end(&mut self, ending: Ending) {
        match self {
            Self::Http(_) | Self::Messaging(_) | Self::Db(_) => {}
            Self::Rpc(rpc) => rpc.end(ending),
        }
    }

    /// The `error.type` of an operation that was not reported as a failure; `None` is success, with
    /// the span's status left unset.
    pub(crate) fn error_type(&self, ending: Ending) -> Option<Cow<'static, str>> {
        match self {
            Self::Http(http) => http.error_type(ending),
            Self::Rpc(rpc) => rpc.error_type(ending).map(Cow::Borrowed),
            Self::Messaging(messaging) => messaging.error_type(ending).map(Cow::Borrowed),
            Self::Db(db) => db.error_type(ending).map(Cow::Borrowed),
        }
    }

    /// The name of a span whose route was found after its start. `word` is the first word of its
    /// name.
    pub(crate) fn span_name(&self, word: &str, route: Cow<'static, str>) -> Cow<'static, str> {
        match self {
            Self::Http(_) => HttpOutcome::span_name(word, &route),
            Self::Rpc(_) | Self::Messaging(_) | Self::Db(_) => route,
        }
    }

    /// Adds the labels known at the end, always in the same order, so that the SDK looks them up
    /// without sorting.
    pub(crate) fn label(
        &self,
        route: Option<Cow<'static, str>>,
        error_type: Option<StringValue>,
        labels: &mut Vec<KeyValue>,
    ) {
        match self {
            Self::Http(http) => http.label(route, error_type, labels),
            Self::Rpc(rpc) => rpc.label(route, error_type, labels),
            Self::Messaging(messaging) => messaging.label(error_type, labels),
            Self::Db(db) => db.label(error_type, labels),
        }
    }

    /// Sets the span attributes known at the end. `found` is a route, or the method of a call, that
    /// the span does not have yet.
    pub(crate) fn describe(&mut self, found: Option<Cow<'static, str>>, set: impl Fn(KeyValue)) {
        match self {
            Self::Http(http) => http.describe(found, set),
            Self::Rpc(rpc) => rpc.describe(found, set),
            Self::Messaging(messaging) => messaging.describe(set),
            Self::Db(db) => db.describe(set),
        }
    }
}
