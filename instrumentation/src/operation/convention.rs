//! The conventions that an operation can follow, and what each of them is called.

use opentelemetry::trace::SpanKind;

use crate::outcome::Side;
use crate::providers::Definitions;
use crate::semconv;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convention {
    HttpServer,
    HttpClient,
    RpcServer,
    RpcClient,
    DbClient,
}

impl Convention {
    pub(crate) fn side(self) -> Side {
        match self {
            Self::HttpServer | Self::RpcServer => Side::Server,
            Self::HttpClient | Self::RpcClient | Self::DbClient => Side::Client,
        }
    }

    pub(super) fn span_kind(self) -> SpanKind {
        match self.side() {
            Side::Server => SpanKind::Server,
            Side::Client => SpanKind::Client,
        }
    }

    pub(super) fn definitions(self) -> Definitions {
        match self {
            Self::HttpServer => Definitions::HTTP_SERVER,
            Self::HttpClient => Definitions::HTTP_CLIENT,
            Self::RpcServer => Definitions::RPC_SERVER,
            Self::RpcClient => Definitions::RPC_CLIENT,
            Self::DbClient => Definitions::DB_CLIENT,
        }
    }

    /// What the names of captured request and response headers are appended to; queries have none.
    pub(super) fn header_prefixes(self) -> (&'static str, &'static str) {
        match self {
            Self::HttpServer | Self::HttpClient => {
                (semconv::HTTP_REQUEST_HEADER, semconv::HTTP_RESPONSE_HEADER)
            }
            Self::RpcServer | Self::RpcClient => {
                (semconv::RPC_REQUEST_HEADER, semconv::RPC_RESPONSE_HEADER)
            }
            Self::DbClient => ("", ""),
        }
    }

    /// What the names of captured trailers are appended to; HTTP records none.
    pub(super) fn trailer_prefix(self) -> Option<&'static str> {
        match self {
            Self::HttpServer | Self::HttpClient | Self::DbClient => None,
            Self::RpcServer | Self::RpcClient => Some(semconv::RPC_RESPONSE_TRAILER),
        }
    }
}
