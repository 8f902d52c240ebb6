//! Names of the OpenTelemetry semantic conventions 1.45.0, one constant each.
//!
//! The published Rust crate is generated from 1.42 and still has the RPC names that 1.45 replaced,
//! so the names that are emitted live here.

/// The schema that every emitted name belongs to.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.45.0";

pub(crate) const CLIENT_ADDRESS: &str = "client.address";
pub(crate) const DB_CONNECTION_STATE: &str = "db.client.connection.state";
pub(crate) const DB_POOL_NAME: &str = "db.client.connection.pool.name";
pub(crate) const DB_COLLECTION_NAME: &str = "db.collection.name";
pub(crate) const DB_NAMESPACE: &str = "db.namespace";
pub(crate) const DB_OPERATION_BATCH_SIZE: &str = "db.operation.batch.size";
pub(crate) const DB_OPERATION_NAME: &str = "db.operation.name";
pub(crate) const DB_QUERY_SUMMARY: &str = "db.query.summary";
pub(crate) const DB_QUERY_TEXT: &str = "db.query.text";
pub(crate) const DB_RESPONSE_RETURNED_ROWS: &str = "db.response.returned_rows";
pub(crate) const DB_RESPONSE_STATUS_CODE: &str = "db.response.status_code";
pub(crate) const DB_STORED_PROCEDURE_NAME: &str = "db.stored_procedure.name";
pub(crate) const DB_SYSTEM_NAME: &str = "db.system.name";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const HTTP_REQUEST_BODY_SIZE: &str = "http.request.body.size";
pub(crate) const HTTP_REQUEST_HEADER: &str = "http.request.header.";
pub(crate) const HTTP_REQUEST_METHOD: &str = "http.request.method";
pub(crate) const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
pub(crate) const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
pub(crate) const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
pub(crate) const HTTP_RESPONSE_HEADER: &str = "http.response.header.";
pub(crate) const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
pub(crate) const HTTP_ROUTE: &str = "http.route";
pub(crate) const KAFKA_MESSAGE_KEY: &str = "kafka.message.key";
pub(crate) const KAFKA_MESSAGE_TOMBSTONE: &str = "kafka.message.tombstone";
pub(crate) const KAFKA_OFFSET: &str = "kafka.offset";
pub(crate) const MESSAGING_BATCH_MESSAGE_COUNT: &str = "messaging.batch.message_count";
pub(crate) const MESSAGING_CLIENT_ID: &str = "messaging.client.id";
pub(crate) const MESSAGING_CONSUMER_GROUP_NAME: &str = "messaging.consumer.group.name";
pub(crate) const MESSAGING_DESTINATION_NAME: &str = "messaging.destination.name";
pub(crate) const MESSAGING_DESTINATION_PARTITION_ID: &str = "messaging.destination.partition.id";
pub(crate) const MESSAGING_DESTINATION_TEMPLATE: &str = "messaging.destination.template";
pub(crate) const MESSAGING_DESTINATION_TEMPORARY: &str = "messaging.destination.temporary";
pub(crate) const MESSAGING_MESSAGE_BODY_SIZE: &str = "messaging.message.body.size";
pub(crate) const MESSAGING_MESSAGE_CONVERSATION_ID: &str = "messaging.message.conversation_id";
pub(crate) const MESSAGING_MESSAGE_ID: &str = "messaging.message.id";
pub(crate) const MESSAGING_OPERATION_NAME: &str = "messaging.operation.name";
pub(crate) const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
pub(crate) const MESSAGING_SYSTEM_NAME: &str = "messaging.system.name";
pub(crate) const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
pub(crate) const NETWORK_PEER_PORT: &str = "network.peer.port";
pub(crate) const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
pub(crate) const RPC_METHOD: &str = "rpc.method";
pub(crate) const RPC_METHOD_ORIGINAL: &str = "rpc.method_original";
pub(crate) const RPC_REQUEST_HEADER: &str = "rpc.request.header.";
pub(crate) const RPC_RESPONSE_HEADER: &str = "rpc.response.header.";
pub(crate) const RPC_RESPONSE_TRAILER: &str = "rpc.response.trailer.";
pub(crate) const RPC_STATUS_CODE: &str = "rpc.status_code";
pub(crate) const RPC_SYSTEM_NAME: &str = "rpc.system.name";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const URL_FULL: &str = "url.full";
pub(crate) const URL_PATH: &str = "url.path";
pub(crate) const URL_QUERY: &str = "url.query";
pub(crate) const URL_SCHEME: &str = "url.scheme";
pub(crate) const URL_TEMPLATE: &str = "url.template";
pub(crate) const USER_AGENT_ORIGINAL: &str = "user_agent.original";

/// The value of [`RPC_SYSTEM_NAME`], and the name of a span whose method is not recognised.
pub(crate) const GRPC: &str = "grpc";
/// The value of [`DB_SYSTEM_NAME`] if the product is unknown.
pub(crate) const OTHER_SQL: &str = "other_sql";
/// The value of an attribute whose literal is outside the known set.
pub(crate) const OTHER: &str = "_OTHER";

/// The attributes that operations of any convention learn only by their end.
pub(crate) const FOUND_BY_THE_END: [&str; 13] = [
    DB_RESPONSE_RETURNED_ROWS,
    DB_RESPONSE_STATUS_CODE,
    ERROR_TYPE,
    HTTP_REQUEST_BODY_SIZE,
    HTTP_RESPONSE_BODY_SIZE,
    HTTP_RESPONSE_STATUS_CODE,
    HTTP_ROUTE,
    KAFKA_OFFSET,
    MESSAGING_DESTINATION_PARTITION_ID,
    NETWORK_PROTOCOL_VERSION,
    RPC_METHOD,
    RPC_METHOD_ORIGINAL,
    RPC_STATUS_CODE,
];
