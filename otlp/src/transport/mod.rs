//! One attempt: bytes of a request go out, an answer comes back.

mod client;
mod codec;
mod grpc;
mod http;
mod only_grpc;

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::failure::FailureKind;

pub(crate) use client::connector;
pub(crate) use grpc::Grpc;
pub(crate) use http::Http;

/// How requests reach the receiver.
#[derive(Debug)]
pub(crate) enum Transport {
    Grpc(Grpc),
    Http(Http),
}

/// What the receiver has accepted, and what of it not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) rejected: u64,
    /// What the receiver says about it.
    pub(crate) message: String,
}

impl Transport {
    /// Whether requests are to be compressed before they are given to it, once for all attempts.
    /// gRPC compresses messages itself.
    pub(crate) fn is_compressed_before(&self) -> bool {
        match self {
            Self::Grpc(_) => false,
            Self::Http(http) => http.is_compressed(),
        }
    }

    /// Sends the request, and takes no longer than `limit` for it.
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
            // The connection may lead to nobody. Over HTTP/1.1 a request that is given up takes
            // its connection with it.
            if let Self::Grpc(grpc) = self {
                grpc.reconnect();
            }
            let text = format!("no answer within {limit:?}");
            return Err(Failure::new(FailureKind::Timeout, text).ambiguous());
        };
        outcome
    }
}

impl Accepted {
    /// From the body of an answer. The three signals number their fields alike. What cannot be
    /// read has been accepted: the receiver said so before it.
    fn decode(answer: &[u8]) -> Self {
        let response = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        Self {
            rejected: u64::try_from(partial.rejected_spans).unwrap_or_default(),
            message: partial.error_message,
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess;
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;

    use super::*;

    #[test]
    fn partial_success_is_read_for_every_signal() {
        let expected = Accepted {
            rejected: 3,
            message: "too old".to_owned(),
        };
        let logs = ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess {
                rejected_log_records: 3,
                error_message: "too old".to_owned(),
            }),
        };
        assert_eq!(Accepted::decode(&logs.encode_to_vec()), expected);
        let metrics = ExportMetricsServiceResponse {
            partial_success: Some(ExportMetricsPartialSuccess {
                rejected_data_points: 3,
                error_message: "too old".to_owned(),
            }),
        };
        assert_eq!(Accepted::decode(&metrics.encode_to_vec()), expected);
        assert_eq!(Accepted::decode(b""), Accepted::default());
        assert_eq!(Accepted::decode(b"{}"), Accepted::default());
    }
}
