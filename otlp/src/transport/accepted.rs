//! What an answer says.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

/// What the receiver has accepted, and what of it not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) rejected: u64,
    /// What the receiver says about it.
    pub(crate) message: String,
}

impl Accepted {
    /// From the body of an answer. The three signals number their fields alike. What cannot be
    /// read has been accepted: the receiver said so before it.
    pub(super) fn decode(answer: &[u8]) -> Self {
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
