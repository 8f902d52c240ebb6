//! The address of a service for its clients: an IP address or a host name, and a port.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// The name is resolved for each connection, so that a service may move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer(String);

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl FromStr for Peer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |host: &str| {
            let is_part =
                |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
            !host.is_empty() && host.chars().all(is_part)
        };
        let is_named = text
            .rsplit_once(':')
            .is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
        match is_named || text.parse::<SocketAddr>().is_ok() {
            true => Ok(Self(text.to_owned())),
            false => Err("a host and a port are needed, such as orders:8080"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_make_a_peer() {
        for (text, is_peer) in [
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("orders:8080", true),
            ("orders.shop.svc.cluster.local:8080", true),
            ("orders", false),
            (":8080", false),
            ("orders:65536", false),
            ("http://orders:8080", false),
            ("orders:8080/path", false),
            ("::1:8080", false),
        ] {
            assert_eq!(text.parse::<Peer>().is_ok(), is_peer, "{text}");
        }
    }
}
