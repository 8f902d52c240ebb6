//! Which methods are recognised, and may become a label.
//!
//! A layer in front of a server sees every path that anybody asks for. tonic tells nobody which
//! methods there are, so the answers have to: a method is recognised once an answer shows that a
//! call reached it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use otel_instrumentation::{Operation, RouteHandle};
use tonic::{Code, Status};

/// The methods that one layer recognises. Few comparisons find one; to hash its name costs more.
#[derive(Debug)]
pub(crate) enum Methods {
    /// These and no others.
    Listed(BTreeSet<String>),
    /// Those that were seen to be reached.
    Learned(RwLock<BTreeSet<String>>),
}

impl Methods {
    pub(crate) fn learned() -> Self {
        Self::Learned(RwLock::default())
    }

    pub(crate) fn listed(methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let name = |method: String| match method.strip_prefix('/') {
            Some(name) => name.to_owned(),
            None => method,
        };
        Self::Listed(methods.into_iter().map(Into::into).map(name).collect())
    }

    pub(crate) fn recognises(&self, method: &str) -> bool {
        match self {
            Self::Listed(methods) => methods.contains(method),
            Self::Learned(methods) => methods
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(method),
        }
    }

    /// Whether a method that is not recognised can become so.
    fn has_room(&self) -> bool {
        match self {
            Self::Listed(_) => false,
            Self::Learned(methods) => {
                methods.read().unwrap_or_else(PoisonError::into_inner).len() < LIMIT
            }
        }
    }

    /// Whether the method is recognised from now on.
    fn learn(&self, method: &str) -> bool {
        let Self::Learned(methods) = self else {
            return false;
        };
        let mut methods = methods.write().unwrap_or_else(PoisonError::into_inner);
        if methods.len() < LIMIT {
            methods.insert(method.to_owned());
        }
        methods.contains(method)
    }
}

/// Who asks: what counts as an answer of the method is not the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// A call of a method that is not recognised yet.
///
/// Dropped, it still speaks for the method where the call is known to have reached it.
pub(crate) struct Candidate {
    method: String,
    methods: Arc<Methods>,
    /// `None` where the call is not sampled: others may be, and profit from what it shows.
    handle: Option<RouteHandle>,
    side: Side,
    /// Whether somebody read the request's messages, which is for methods to do: neither the
    /// router nor an interceptor does.
    read: Arc<AtomicBool>,
    /// Whether the response has begun as a stream of messages.
    streams: bool,
    is_decided: bool,
}

impl Candidate {
    /// `None` where nothing could be learned from the call.
    pub(crate) fn new(
        method: &str,
        methods: &Arc<Methods>,
        operation: &mut Operation,
        side: Side,
    ) -> Option<Box<Self>> {
        if !operation.is_recorded() || !methods.has_room() {
            return None;
        }
        Some(Box::new(Self {
            method: method.to_owned(),
            methods: methods.clone(),
            handle: operation.route_handle(),
            side,
            read: Arc::default(),
            streams: false,
            is_decided: false,
        }))
    }

    /// To be set when the request's messages are read.
    pub(crate) fn read(&self) -> &Arc<AtomicBool> {
        &self.read
    }

    /// The response's head is there; `None` where it decides.
    pub(crate) fn responded<B>(mut self: Box<Self>, response: &Response<B>) -> Option<Box<Self>> {
        if let Some(code) = code(response.headers()) {
            let reached = is_answer(code, self.side, self.is_read());
            self.decide(reached);
            return None;
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        if response.status() != StatusCode::OK || !content_type.is_some_and(is_grpc) {
            self.decide(false);
            return None;
        }
        self.streams = true;
        Some(self)
    }

    /// The trailers are there.
    pub(crate) fn trailed(mut self, trailers: &HeaderMap) {
        // A proxy may send its "unimplemented" with a head and trailers of their own.
        self.decide(code(trailers) != Some(Code::Unimplemented));
    }

    /// Speaks for the method if what runs while it exists panics; the operation ends before the
    /// candidate is dropped then.
    pub(crate) fn unwinding(&self) -> Unwinding<'_> {
        Unwinding(self)
    }

    fn is_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    fn decide(&mut self, reached: bool) {
        self.is_decided = true;
        if reached {
            self.accept();
        }
    }

    fn accept(&self) {
        let is_recognised = self.methods.learn(&self.method);
        if let (true, Some(handle)) = (is_recognised, &self.handle) {
            handle.refine(&self.method);
        }
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if !self.is_decided && (self.streams || self.is_read()) {
            self.accept();
        }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Candidate")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// See [`Candidate::unwinding`].
pub(crate) struct Unwinding<'a>(&'a Candidate);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && (self.0.streams || self.0.is_read()) {
            self.0.accept();
        }
    }
}

/// Whether a message is gRPC's by its `content-type`.
pub(crate) fn is_grpc(content_type: &HeaderValue) -> bool {
    content_type.as_bytes().starts_with(b"application/grpc")
}

/// Whether a status in the head is the method's own answer.
///
/// What stands in front of the methods of a server can refuse any path, with any code: a refusal
/// counts only if the request was read. A client has nobody to fear.
fn is_answer(code: Code, side: Side, is_read: bool) -> bool {
    match code {
        Code::Ok => true,
        Code::Unimplemented => false,
        _ => is_read || side == Side::Client,
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers
        .get(Status::GRPC_STATUS)
        .map(|value| Code::from_bytes(value.as_bytes()))
}

/// More than any server has. It bounds what a service that answers to every path can do.
const LIMIT: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_no_answers() {
        let cases = [
            (Code::Ok, Side::Server, false, true),
            (Code::NotFound, Side::Server, false, false),
            (Code::NotFound, Side::Server, true, true),
            (Code::InvalidArgument, Side::Client, false, true),
            (Code::Unimplemented, Side::Server, true, false),
            (Code::Unimplemented, Side::Client, false, false),
            (Code::Unauthenticated, Side::Server, false, false),
            (Code::Unauthenticated, Side::Server, true, true),
            (Code::Unauthenticated, Side::Client, false, true),
            (Code::ResourceExhausted, Side::Server, false, false),
        ];
        for (code, side, is_read, expected) in cases {
            assert_eq!(
                is_answer(code, side, is_read),
                expected,
                "{code:?} {side:?}"
            );
        }
    }

    #[test]
    fn what_is_learned_is_bounded() {
        let methods = Methods::learned();
        for number in 0..2 * LIMIT {
            methods.learn(&format!("a.B/{number}"));
        }
        assert!(methods.recognises("a.B/999"));
        assert!(!methods.recognises("a.B/1000"));
        assert!(!methods.has_room());
    }

    #[test]
    fn a_list_is_final() {
        let methods = Methods::listed(["/a.B/C", "a.B/D"]);
        assert!(methods.recognises("a.B/C") && methods.recognises("a.B/D"));
        assert!(!methods.learn("a.B/E") && !methods.recognises("a.B/E"));
    }
}
