//! The conventions that an operation can follow, and their names.

use opentelemetry::trace::{SpanBuilder, SpanKind};

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
    Send,
    Receive,
    Process,
    Settle,
}

impl Convention {
    pub(crate) fn side(self) -> Side {
        match self {
            Self::HttpServer | Self::RpcServer | Self::Process => Side::Server,
            Self::HttpClient | Self::RpcClient | Self::DbClient => Side::Client,
            Self::Send | Self::Receive | Self::Settle => Side::Client,
        }
    }

    /// A span of the usual kind.
    pub(crate) fn span(self) -> SpanBuilder {
        SpanBuilder::default().with_kind(self.span_kind())
    }

    fn span_kind(self) -> SpanKind {
        match self {
            Self::HttpServer | Self::RpcServer => SpanKind::Server,
            Self::HttpClient | Self::RpcClient | Self::DbClient => SpanKind::Client,
            Self::Receive | Self::Settle => SpanKind::Client,
            Self::Send => SpanKind::Producer,
            Self::Process => SpanKind::Consumer,
        }
    }

    pub(super) fn definitions(self) -> Definitions {
        match self {
            Self::HttpServer => Definitions::HTTP_SERVER,
            Self::HttpClient => Definitions::HTTP_CLIENT,
            Self::RpcServer => Definitions::RPC_SERVER,
            Self::RpcClient => Definitions::RPC_CLIENT,
            Self::DbClient => Definitions::DB_CLIENT,
            Self::Send => Definitions::SEND,
            Self::Receive => Definitions::RECEIVE,
            Self::Process => Definitions::PROCESS,
            Self::Settle => Definitions::SETTLE,
        }
    }

    /// The prefixes for the names of captured request and response headers. Headers of messages are
    /// not captured, and queries have none.
    pub(super) fn header_prefixes(self) -> (&'static str, &'static str) {
        match self {
            Self::HttpServer | Self::HttpClient => {
                (semconv::HTTP_REQUEST_HEADER, semconv::HTTP_RESPONSE_HEADER)
            }
            Self::RpcServer | Self::RpcClient => {
                (semconv::RPC_REQUEST_HEADER, semconv::RPC_RESPONSE_HEADER)
            }
            Self::DbClient => ("", ""),
            Self::Send | Self::Receive | Self::Process | Self::Settle => ("", ""),
        }
    }

    /// The prefix for the names of captured trailers; HTTP records none.
    pub(super) fn trailer_prefix(self) -> Option<&'static str> {
        match self {
            Self::HttpServer | Self::HttpClient | Self::DbClient => None,
            Self::Send | Self::Receive | Self::Process | Self::Settle => None,
            Self::RpcServer | Self::RpcClient => Some(semconv::RPC_RESPONSE_TRAILER),
        }
    }
}
