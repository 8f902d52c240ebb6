//! `network.peer.*`, which may be known at the start or only with the response.

use std::net::SocketAddr;

use opentelemetry::KeyValue;

use crate::reuse::intern;
use crate::semconv;

/// The attributes of the immediate peer, whatever proxies say about the client. An IPv4 address
/// that a dual-stack socket reports as IPv6 is recorded as IPv4.
pub(crate) fn peer_attributes(peer: SocketAddr) -> [KeyValue; 2] {
    [
        KeyValue::new(
            semconv::NETWORK_PEER_ADDRESS,
            intern::address(peer.ip().to_canonical()),
        ),
        KeyValue::new(semconv::NETWORK_PEER_PORT, i64::from(peer.port())),
    ]
}
