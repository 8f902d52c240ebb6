//! The facts in rdkafka's types about a message, a client and an error.

use otel_instrumentation::{ErrorType, Message, MessageOperation, MessagingConfig, kafka_error};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::ToBytes;

/// The facts of a received message.
pub(crate) fn received<M: rdkafka::Message>(message: &M) -> Message<'_> {
    Message::new(message.topic())
        .partition(partition(message.partition()))
        .offset(offset(message.offset()))
        .key(message.key())
        .is_tombstone(message.payload().is_none())
        .body_size(size(message.payload()))
}

/// The facts of a record that is to be sent.
pub(crate) fn to_send<'a, K, P>(
    topic: &'a str,
    to: Option<i32>,
    key: Option<&'a K>,
    payload: Option<&'a P>,
) -> Message<'a>
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
{
    Message::new(topic)
        .partition(to.and_then(partition))
        .key(key.map(ToBytes::to_bytes))
        .is_tombstone(payload.is_none())
        .body_size(size(payload.map(ToBytes::to_bytes)))
}

/// `None` while no partition is assigned.
pub(crate) fn partition(partition: i32) -> Option<i32> {
    (partition >= 0).then_some(partition)
}

/// `None` if the broker has not reported it; without acknowledgements it never does.
pub(crate) fn offset(offset: i64) -> Option<i64> {
    (offset >= 0).then_some(offset)
}

fn size(value: Option<&[u8]>) -> Option<u64> {
    value.map(|value| u64::try_from(value.len()).unwrap_or(u64::MAX))
}

/// The code of a broker or of librdkafka, or a class if the error has no code.
pub(crate) fn error_type(error: &KafkaError) -> ErrorType {
    match error.rdkafka_error_code() {
        Some(code) => kafka_error(number(code)),
        None => match error {
            KafkaError::Canceled => ErrorType::CANCELLED,
            KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) | KafkaError::Nul(_) => {
                ErrorType::BUILDER
            }
            _ => ErrorType::REQUEST,
        },
    }
}

/// Records that the operation failed.
pub(crate) fn fail(operation: &mut MessageOperation, error: &KafkaError) {
    if operation.is_recording() {
        operation.fail(error_type(error).0, error.to_string());
    }
}

/// The number of a code in the protocol or in librdkafka.
fn number(code: RDKafkaErrorCode) -> i32 {
    code as i32
}

/// The identity of a client and its broker, from the client's configuration. A finished client does
/// not expose it.
pub(crate) fn identity(config: &ClientConfig) -> MessagingConfig {
    let mut identity = MessagingConfig::new();
    if let Some(client_id) = config.get("client.id") {
        identity = identity.client_id(client_id.to_owned());
    }
    if let Some(group) = config.get("group.id") {
        identity = identity.group(group.to_owned());
    }
    let servers = config
        .get("bootstrap.servers")
        .or_else(|| config.get("metadata.broker.list"));
    match servers.and_then(server) {
        Some((address, port)) => identity.server(address, port),
        None => identity,
    }
}

/// The address of the broker if only one is named; otherwise the whole list, without a port.
fn server(list: &str) -> Option<(String, Option<u16>)> {
    let brokers = list.split(',').map(str::trim).filter(|it| !it.is_empty());
    let brokers: Vec<_> = brokers
        .map(|broker| {
            broker
                .split_once("://")
                .map_or(broker, |(_, broker)| broker)
        })
        .collect();
    match brokers.as_slice() {
        [] => None,
        [only] => Some(host_and_port(only)),
        several => Some((several.join(","), None)),
    }
}

fn host_and_port(broker: &str) -> (String, Option<u16>) {
    let (host, port) = match broker.rsplit_once(':') {
        // An IPv6 address without a port has colons, too.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ => (broker, Some(DEFAULT_PORT)),
    };
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    (host.to_owned(), port)
}

const DEFAULT_PORT: u16 = 9092;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_read_as_librdkafka_reads_them() {
        let cases = [
            ("kafka", Some(("kafka", Some(9092)))),
            ("kafka:19092", Some(("kafka", Some(19092)))),
            ("PLAINTEXT://kafka:19092", Some(("kafka", Some(19092)))),
            (" kafka:1 , ", Some(("kafka", Some(1)))),
            ("[::1]:1", Some(("::1", Some(1)))),
            ("[::1]", Some(("::1", Some(9092)))),
            ("::1", Some(("::1", Some(9092)))),
            ("a:1,SSL://b:2", Some(("a:1,b:2", None))),
            ("", None),
            (" , ", None),
        ];
        for (list, expected) in cases {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(server(list), expected, "{list:?}");
        }
    }

    #[test]
    fn errors_have_codes_or_classes() {
        let cases = [
            (
                KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut),
                "_MSG_TIMED_OUT",
            ),
            (
                KafkaError::MessageProduction(RDKafkaErrorCode::UnknownTopicOrPartition),
                "UNKNOWN_TOPIC_OR_PARTITION",
            ),
            (
                KafkaError::Global(RDKafkaErrorCode::AllBrokersDown),
                "_ALL_BROKERS_DOWN",
            ),
            (
                KafkaError::MessageConsumption(RDKafkaErrorCode::Unknown),
                "UNKNOWN_SERVER_ERROR",
            ),
            (
                KafkaError::ConsumerCommit(RDKafkaErrorCode::RebootstrapRequired),
                "REBOOTSTRAP_REQUIRED",
            ),
            (KafkaError::Canceled, "cancelled"),
            (KafkaError::ClientCreation(String::new()), "builder"),
            (KafkaError::Seek(String::new()), "request"),
        ];
        for (error, expected) in cases {
            assert_eq!(error_type(&error), ErrorType(expected), "{error:?}");
        }
    }
}
