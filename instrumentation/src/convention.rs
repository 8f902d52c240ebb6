//! What makes an operation an error, for each convention: the lifecycle table as code.

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;

use crate::instruments::Definitions;
use crate::rpc::Code;
use crate::semconv;

/// The conventions that an [`Operation`](crate::Operation) can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convention {
    HttpServer,
    HttpClient,
    RpcServer,
    RpcClient,
}

/// How an operation came to its end, if it did not [fail](crate::Operation::fail).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The response, with its body where that counts, is complete.
    Finished,
    /// Dropped before that, with or without a response head.
    Dropped,
    /// Dropped by the unwinding of a panic.
    Panicked,
}

impl Convention {
    pub(crate) fn span_kind(self) -> SpanKind {
        match self {
            Self::HttpServer | Self::RpcServer => SpanKind::Server,
            Self::HttpClient | Self::RpcClient => SpanKind::Client,
        }
    }

    pub(crate) fn is_server(self) -> bool {
        matches!(self, Self::HttpServer | Self::RpcServer)
    }

    pub(crate) fn definitions(self) -> Definitions {
        match self {
            Self::HttpServer => Definitions::HTTP_SERVER,
            Self::HttpClient => Definitions::HTTP_CLIENT,
            Self::RpcServer => Definitions::RPC_SERVER,
            Self::RpcClient => Definitions::RPC_CLIENT,
        }
    }

    /// What the names of captured request and response headers are appended to.
    pub(crate) fn header_prefixes(self) -> (&'static str, &'static str) {
        match self {
            Self::HttpServer | Self::HttpClient => {
                (semconv::HTTP_REQUEST_HEADER, semconv::HTTP_RESPONSE_HEADER)
            }
            Self::RpcServer | Self::RpcClient => {
                (semconv::RPC_REQUEST_HEADER, semconv::RPC_RESPONSE_HEADER)
            }
        }
    }

    /// What the names of captured trailers are appended to; HTTP records none.
    pub(crate) fn trailer_prefix(self) -> Option<&'static str> {
        match self {
            Self::HttpServer | Self::HttpClient => None,
            Self::RpcServer | Self::RpcClient => Some(semconv::RPC_RESPONSE_TRAILER),
        }
    }

    /// The `error.type` of an HTTP operation; `None` is success, with the span's status left unset.
    ///
    /// A caller that drops a client's request has cancelled it on purpose, which is no error;
    /// a server's request is dropped because its client went away.
    pub(crate) fn error_type(
        self,
        ending: Ending,
        status: Option<u16>,
    ) -> Option<Cow<'static, str>> {
        match (self, ending, status) {
            (_, Ending::Panicked, _) => Some(Cow::Borrowed("panic")),
            (_, _, Some(status)) if self.is_error(status) => Some(Cow::Owned(status.to_string())),
            (Self::HttpServer, Ending::Dropped, _) => Some(Cow::Borrowed("cancelled")),
            (_, Ending::Dropped | Ending::Finished, _) => None,
        }
    }

    /// The `error.type` of a call, which always ends with some status code.
    pub(crate) fn rpc_error_type(self, ending: Ending, code: Code) -> Option<&'static str> {
        match ending {
            Ending::Panicked => Some("panic"),
            Ending::Finished | Ending::Dropped => self.is_rpc_error(code).then(|| code.label()),
        }
    }

    pub(crate) fn is_rpc_error(self, code: Code) -> bool {
        match self {
            Self::RpcServer => code.is_server_error(),
            Self::RpcClient => code.is_client_error(),
            Self::HttpServer | Self::HttpClient => false,
        }
    }

    /// Codes that cannot be interpreted are errors on both sides.
    pub(crate) fn is_error(self, status: u16) -> bool {
        match self {
            Self::HttpServer => !(100..500).contains(&status),
            Self::HttpClient => !(100..400).contains(&status),
            // gRPC tells its errors by a code of its own.
            Self::RpcServer | Self::RpcClient => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Convention::{HttpClient, HttpServer, RpcClient, RpcServer};
    use Ending::{Dropped, Finished, Panicked};

    #[test]
    fn error_types_follow_the_lifecycle_table() {
        let cases = [
            // HSU-20, HSU-22
            (HttpServer, Finished, Some(99), Some("99")),
            (HttpServer, Finished, Some(100), None),
            (HttpServer, Finished, Some(200), None),
            (HttpServer, Finished, Some(302), None),
            (HttpServer, Finished, Some(400), None),
            (HttpServer, Finished, Some(499), None),
            (HttpServer, Finished, Some(500), Some("500")),
            (HttpServer, Finished, Some(600), Some("600")),
            // HCU-09, HCU-10
            (HttpClient, Finished, Some(99), Some("99")),
            (HttpClient, Finished, Some(100), None),
            (HttpClient, Finished, Some(399), None),
            (HttpClient, Finished, Some(400), Some("400")),
            (HttpClient, Finished, Some(503), Some("503")),
            (HttpClient, Finished, Some(600), Some("600")),
            (HttpClient, Finished, None, None),
            // The lifecycle table: dropped before the head, dropped with the body unfinished.
            (HttpServer, Dropped, None, Some("cancelled")),
            (HttpServer, Dropped, Some(200), Some("cancelled")),
            (HttpServer, Dropped, Some(500), Some("500")),
            (HttpClient, Dropped, None, None),
            (HttpClient, Dropped, Some(200), None),
            (HttpClient, Dropped, Some(404), Some("404")),
            (HttpServer, Panicked, None, Some("panic")),
            (HttpClient, Panicked, Some(200), Some("panic")),
        ];
        for (convention, ending, status, expected) in cases {
            let found = convention.error_type(ending, status);
            assert_eq!(
                found.as_deref(),
                expected,
                "{convention:?} {ending:?} {status:?}"
            );
        }
    }

    #[test]
    fn error_types_of_calls_are_code_names() {
        let cases = [
            (RpcServer, Finished, Code::Ok, None),
            (RpcClient, Finished, Code::Ok, None),
            (RpcServer, Finished, Code::NotFound, None),
            (RpcClient, Finished, Code::NotFound, Some("NOT_FOUND")),
            (RpcServer, Finished, Code::Internal, Some("INTERNAL")),
            (RpcServer, Dropped, Code::Cancelled, None),
            (RpcClient, Dropped, Code::Cancelled, Some("CANCELLED")),
            (RpcServer, Panicked, Code::Unknown, Some("panic")),
            (RpcClient, Panicked, Code::Ok, Some("panic")),
            (RpcServer, Finished, Code::Undefined(9999), None),
            (RpcClient, Finished, Code::Undefined(9999), Some("_OTHER")),
        ];
        for (convention, ending, code, expected) in cases {
            let found = convention.rpc_error_type(ending, code);
            assert_eq!(found, expected, "{convention:?} {ending:?} {code:?}");
        }
    }
}
