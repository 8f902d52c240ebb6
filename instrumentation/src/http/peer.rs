//! `network.peer.*`: the immediate peer, whatever proxies say of the client.

use std::net::SocketAddr;

use opentelemetry::KeyValue;

use crate::{interned, semconv};

/// The attributes of a peer. An IPv4 address that a dual-stack socket reports as IPv6 is IPv4.
pub(crate) fn peer_attributes(peer: SocketAddr) -> [KeyValue; 2] {
    [
        KeyValue::new(
            semconv::NETWORK_PEER_ADDRESS,
            interned::address(peer.ip().to_canonical()),
        ),
        KeyValue::new(semconv::NETWORK_PEER_PORT, i64::from(peer.port())),
    ]
}
