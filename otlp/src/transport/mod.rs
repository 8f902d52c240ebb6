//! One attempt: the bytes of a request are sent, an answer is received.

mod accepted;
mod client;
mod codec;
mod grpc;
mod http;
mod only_grpc;

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::failure::FailureKind;

pub(crate) use accepted::Accepted;
pub(crate) use client::connector;
pub(crate) use grpc::Grpc;
pub(crate) use http::Http;

/// How requests reach the receiver.
#[derive(Debug)]
pub(crate) enum Transport {
    Grpc(Grpc),
    Http(Http),
}

impl Transport {
    /// Whether requests are compressed beforehand, once for all attempts. gRPC compresses messages
    /// itself.
    pub(crate) fn is_compressed_before(&self) -> bool {
        match self {
            Self::Grpc(_) => false,
            Self::Http(http) => http.is_compressed(),
        }
    }

    /// Sends the request within `limit`.
    pub(crate) async fn attempt(
        &self,
        request: Bytes,
        limit: Duration,
    ) -> Result<Accepted, Failure> {
        let attempt = async {
            match self {
                Self::Grpc(grpc) => grpc.attempt(request).await,
                Self::Http(http) => http.attempt(request).await,
            }
        };
        let Ok(outcome) = timeout(limit, attempt).await else {
            // The peer of the connection may be gone. Over HTTP/1.1, giving up a request closes its
            // connection.
            if let Self::Grpc(grpc) = self {
                grpc.reconnect();
            }
            let text = format!("no answer within {limit:?}");
            return Err(Failure::new(FailureKind::Timeout, text).ambiguous());
        };
        outcome
    }
}
