//! The content of an answer.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use crate::response_status::ResponseStatus;

/// What the receiver has accepted and what it has rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) status: ResponseStatus,
    pub(crate) rejected: u64,
    /// The receiver's message about it.
    pub(crate) message: String,
}

impl Accepted {
    /// Reads the body of an answer. The three signals number their fields alike. A body that cannot
    /// be read counts as accepted: the status has said so already.
    pub(crate) fn decode(status: ResponseStatus, answer: &[u8]) -> Self {
        let response = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
        let partial = response.partial_success.unwrap_or_default();
        Self {
            status,
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
        let status = ResponseStatus::Http(202);
        let expected = |rejected, message: &str| Accepted {
            status,
            rejected,
            message: message.to_owned(),
        };
        let logs = ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess {
                rejected_log_records: 3,
                error_message: "too old".to_owned(),
            }),
        };
        let decoded = |answer: &[u8]| Accepted::decode(status, answer);
        assert_eq!(decoded(&logs.encode_to_vec()), expected(3, "too old"));
        let metrics = ExportMetricsServiceResponse {
            partial_success: Some(ExportMetricsPartialSuccess {
                rejected_data_points: 3,
                error_message: "too old".to_owned(),
            }),
        };
        assert_eq!(decoded(&metrics.encode_to_vec()), expected(3, "too old"));
        assert_eq!(decoded(b""), expected(0, ""));
        assert_eq!(decoded(b"{}"), expected(0, ""));
    }
}
