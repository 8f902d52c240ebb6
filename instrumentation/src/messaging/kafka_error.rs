//! The names of Kafka's error codes.

use crate::outcome::ErrorType;

/// The `error.type` of an error in a broker's answer, or of an error that librdkafka detected
/// itself.
///
/// It comes from a table. A code of Kafka's protocol has the protocol's name, such as
/// `UNKNOWN_TOPIC_OR_PARTITION`, whatever a client calls it. A code of librdkafka, which is below
/// -1, has the name that librdkafka prints, beginning with an underscore. Any other code is
/// `_OTHER`.
///
/// ```
/// use otel_instrumentation::{ErrorType, kafka_error};
///
/// assert_eq!(kafka_error(3), ErrorType("UNKNOWN_TOPIC_OR_PARTITION"));
/// assert_eq!(kafka_error(-184), ErrorType("_QUEUE_FULL"));
/// assert_eq!(kafka_error(9_999), ErrorType::OTHER);
/// ```
#[must_use]
pub fn kafka_error(code: i32) -> ErrorType {
    let (names, first): (&[&'static str], i32) = match code {
        FIRST_OF_PROTOCOL.. => (&PROTOCOL, FIRST_OF_PROTOCOL),
        _ => (&LOCAL, FIRST_LOCAL),
    };
    let index = code
        .checked_sub(first)
        .and_then(|index| usize::try_from(index).ok());
    index
        .and_then(|index| names.get(index))
        .map_or(ErrorType::OTHER, |name| ErrorType(name))
}

const FIRST_OF_PROTOCOL: i32 = -1;
const FIRST_LOCAL: i32 = -199;

/// Codes from [`FIRST_OF_PROTOCOL`] on, as `org.apache.kafka.common.protocol.Errors` names them.
const PROTOCOL: [&str; 135] = [
    "UNKNOWN_SERVER_ERROR",
    "NONE",
    "OFFSET_OUT_OF_RANGE",
    "CORRUPT_MESSAGE",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "INVALID_FETCH_SIZE",
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_OR_FOLLOWER",
    "REQUEST_TIMED_OUT",
    "BROKER_NOT_AVAILABLE",
    "REPLICA_NOT_AVAILABLE",
    "MESSAGE_TOO_LARGE",
    "STALE_CONTROLLER_EPOCH",
    "OFFSET_METADATA_TOO_LARGE",
    "NETWORK_EXCEPTION",
    "COORDINATOR_LOAD_IN_PROGRESS",
    "COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR",
    "INVALID_TOPIC_EXCEPTION",
    "RECORD_LIST_TOO_LARGE",
    "NOT_ENOUGH_REPLICAS",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "INVALID_REQUIRED_ACKS",
    "ILLEGAL_GENERATION",
    "INCONSISTENT_GROUP_PROTOCOL",
    "INVALID_GROUP_ID",
    "UNKNOWN_MEMBER_ID",
    "INVALID_SESSION_TIMEOUT",
    "REBALANCE_IN_PROGRESS",
    "INVALID_COMMIT_OFFSET_SIZE",
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "INVALID_TIMESTAMP",
    "UNSUPPORTED_SASL_MECHANISM",
    "ILLEGAL_SASL_STATE",
    "UNSUPPORTED_VERSION",
    "TOPIC_ALREADY_EXISTS",
    "INVALID_PARTITIONS",
    "INVALID_REPLICATION_FACTOR",
    "INVALID_REPLICA_ASSIGNMENT",
    "INVALID_CONFIG",
    "NOT_CONTROLLER",
    "INVALID_REQUEST",
    "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    "POLICY_VIOLATION",
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    "DUPLICATE_SEQUENCE_NUMBER",
    "INVALID_PRODUCER_EPOCH",
    "INVALID_TXN_STATE",
    "INVALID_PRODUCER_ID_MAPPING",
    "INVALID_TRANSACTION_TIMEOUT",
    "CONCURRENT_TRANSACTIONS",
    "TRANSACTION_COORDINATOR_FENCED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "SECURITY_DISABLED",
    "OPERATION_NOT_ATTEMPTED",
    "KAFKA_STORAGE_ERROR",
    "LOG_DIR_NOT_FOUND",
    "SASL_AUTHENTICATION_FAILED",
    "UNKNOWN_PRODUCER_ID",
    "REASSIGNMENT_IN_PROGRESS",
    "DELEGATION_TOKEN_AUTH_DISABLED",
    "DELEGATION_TOKEN_NOT_FOUND",
    "DELEGATION_TOKEN_OWNER_MISMATCH",
    "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED",
    "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
    "DELEGATION_TOKEN_EXPIRED",
    "INVALID_PRINCIPAL_TYPE",
    "NON_EMPTY_GROUP",
    "GROUP_ID_NOT_FOUND",
    "FETCH_SESSION_ID_NOT_FOUND",
    "INVALID_FETCH_SESSION_EPOCH",
    "LISTENER_NOT_FOUND",
    "TOPIC_DELETION_DISABLED",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "UNSUPPORTED_COMPRESSION_TYPE",
    "STALE_BROKER_EPOCH",
    "OFFSET_NOT_AVAILABLE",
    "MEMBER_ID_REQUIRED",
    "PREFERRED_LEADER_NOT_AVAILABLE",
    "GROUP_MAX_SIZE_REACHED",
    "FENCED_INSTANCE_ID",
    "ELIGIBLE_LEADERS_NOT_AVAILABLE",
    "ELECTION_NOT_NEEDED",
    "NO_REASSIGNMENT_IN_PROGRESS",
    "GROUP_SUBSCRIBED_TO_TOPIC",
    "INVALID_RECORD",
    "UNSTABLE_OFFSET_COMMIT",
    "THROTTLING_QUOTA_EXCEEDED",
    "PRODUCER_FENCED",
    "RESOURCE_NOT_FOUND",
    "DUPLICATE_RESOURCE",
    "UNACCEPTABLE_CREDENTIAL",
    "INCONSISTENT_VOTER_SET",
    "INVALID_UPDATE_VERSION",
    "FEATURE_UPDATE_FAILED",
    "PRINCIPAL_DESERIALIZATION_FAILURE",
    "SNAPSHOT_NOT_FOUND",
    "POSITION_OUT_OF_RANGE",
    "UNKNOWN_TOPIC_ID",
    "DUPLICATE_BROKER_REGISTRATION",
    "BROKER_ID_NOT_REGISTERED",
    "INCONSISTENT_TOPIC_ID",
    "INCONSISTENT_CLUSTER_ID",
    "TRANSACTIONAL_ID_NOT_FOUND",
    "FETCH_SESSION_TOPIC_ID_ERROR",
    "INELIGIBLE_REPLICA",
    "NEW_LEADER_ELECTED",
    "OFFSET_MOVED_TO_TIERED_STORAGE",
    "FENCED_MEMBER_EPOCH",
    "UNRELEASED_INSTANCE_ID",
    "UNSUPPORTED_ASSIGNOR",
    "STALE_MEMBER_EPOCH",
    "MISMATCHED_ENDPOINT_TYPE",
    "UNSUPPORTED_ENDPOINT_TYPE",
    "UNKNOWN_CONTROLLER_ID",
    "UNKNOWN_SUBSCRIPTION_ID",
    "TELEMETRY_TOO_LARGE",
    "INVALID_REGISTRATION",
    "TRANSACTION_ABORTABLE",
    "INVALID_RECORD_STATE",
    "SHARE_SESSION_NOT_FOUND",
    "INVALID_SHARE_SESSION_EPOCH",
    "FENCED_STATE_EPOCH",
    "INVALID_VOTER_KEY",
    "DUPLICATE_VOTER",
    "VOTER_NOT_FOUND",
    "INVALID_REGULAR_EXPRESSION",
    "REBOOTSTRAP_REQUIRED",
    "STREAMS_INVALID_TOPOLOGY",
    "STREAMS_INVALID_TOPOLOGY_EPOCH",
    "STREAMS_TOPOLOGY_FENCED",
    "SHARE_SESSION_LIMIT_REACHED",
];

/// Codes from [`FIRST_LOCAL`] on, as `rd_kafka_err2name` names them.
const LOCAL: [&str; 63] = [
    "_BAD_MSG",
    "_BAD_COMPRESSION",
    "_DESTROY",
    "_FAIL",
    "_TRANSPORT",
    "_CRIT_SYS_RESOURCE",
    "_RESOLVE",
    "_MSG_TIMED_OUT",
    "_PARTITION_EOF",
    "_UNKNOWN_PARTITION",
    "_FS",
    "_UNKNOWN_TOPIC",
    "_ALL_BROKERS_DOWN",
    "_INVALID_ARG",
    "_TIMED_OUT",
    "_QUEUE_FULL",
    "_ISR_INSUFF",
    "_NODE_UPDATE",
    "_SSL",
    "_WAIT_COORD",
    "_UNKNOWN_GROUP",
    "_IN_PROGRESS",
    "_PREV_IN_PROGRESS",
    "_EXISTING_SUBSCRIPTION",
    "_ASSIGN_PARTITIONS",
    "_REVOKE_PARTITIONS",
    "_CONFLICT",
    "_STATE",
    "_UNKNOWN_PROTOCOL",
    "_NOT_IMPLEMENTED",
    "_AUTHENTICATION",
    "_NO_OFFSET",
    "_OUTDATED",
    "_TIMED_OUT_QUEUE",
    "_UNSUPPORTED_FEATURE",
    "_WAIT_CACHE",
    "_INTR",
    "_KEY_SERIALIZATION",
    "_VALUE_SERIALIZATION",
    "_KEY_DESERIALIZATION",
    "_VALUE_DESERIALIZATION",
    "_PARTIAL",
    "_READ_ONLY",
    "_NOENT",
    "_UNDERFLOW",
    "_INVALID_TYPE",
    "_RETRY",
    "_PURGE_QUEUE",
    "_PURGE_INFLIGHT",
    "_FATAL",
    "_INCONSISTENT",
    "_GAPLESS_GUARANTEE",
    "_MAX_POLL_EXCEEDED",
    "_UNKNOWN_BROKER",
    "_NOT_CONFIGURED",
    "_FENCED",
    "_APPLICATION",
    "_ASSIGNMENT_LOST",
    "_NOOP",
    "_AUTO_OFFSET_RESET",
    "_LOG_TRUNCATION",
    "_INVALID_DIFFERENT_RECORD",
    "_DESTROY_BROKER",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_one_name_each() {
        let cases = [
            (-200, "_OTHER"),
            (-199, "_BAD_MSG"),
            (-192, "_MSG_TIMED_OUT"),
            (-188, "_UNKNOWN_TOPIC"),
            (-152, "_PURGE_QUEUE"),
            (-137, "_DESTROY_BROKER"),
            (-136, "_OTHER"),
            (-2, "_OTHER"),
            (-1, "UNKNOWN_SERVER_ERROR"),
            (10, "MESSAGE_TOO_LARGE"),
            (27, "REBALANCE_IN_PROGRESS"),
            (90, "PRODUCER_FENCED"),
            (100, "UNKNOWN_TOPIC_ID"),
            (129, "REBOOTSTRAP_REQUIRED"),
            (133, "SHARE_SESSION_LIMIT_REACHED"),
            (134, "_OTHER"),
            (i32::MIN, "_OTHER"),
            (i32::MAX, "_OTHER"),
        ];
        for (code, name) in cases {
            assert_eq!(kafka_error(code), ErrorType(name), "{code}");
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<_> = PROTOCOL.iter().chain(&LOCAL).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROTOCOL.len() + LOCAL.len());
    }
}
