//! `server.address` and `server.port` of a client: the given target, never the network address.

use crate::config::Common;
use crate::facts::Request;
use crate::http::{ServerAddress, default_port, split_host_and_port};
use crate::reuse::intern;

/// The server that a client calls.
pub(super) fn server(request: &Request<'_>, config: &Common) -> Option<ServerAddress> {
    ServerAddress::socket(config).or_else(|| target(request))
}

fn target(request: &Request<'_>) -> Option<ServerAddress> {
    let target = request.authority.filter(|target| !target.is_empty())?;
    let (address, port) = parse(target);
    let is_path = address.starts_with('/');
    Some(ServerAddress {
        host: intern::peer(address),
        port: port.or_else(|| default_port(request.scheme?).filter(|_| !is_path)),
    })
}

/// Splits a target in one of gRPC's forms (`doc/naming.md`) or plain `host[:port]`. If it cannot be
/// split, the whole target is the address.
fn parse(target: &str) -> (&str, Option<u16>) {
    let whole = || (without_user(target), None);
    let Some((scheme, rest)) = target.split_once(':') else {
        return whole();
    };
    match scheme {
        "unix" | "unix-abstract" => (rest.strip_prefix("//").unwrap_or(rest), None),
        "dns" | "passthrough" | "xds" => {
            let endpoint = match rest.strip_prefix("//") {
                Some(rest) => rest.split_once('/').map_or("", |(_, endpoint)| endpoint),
                None => rest,
            };
            host_and_port(endpoint).unwrap_or_else(whole)
        }
        "ipv4" | "ipv6" | "vsock" => whole(),
        _ if rest.starts_with("//") => whole(),
        _ => host_and_port(target).unwrap_or_else(whole),
    }
}

fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = split_host_and_port(text);
    // User information is in the host, or in a text that is not a port.
    let has_user = host.contains('@') || (port.is_none() && text.contains('@'));
    if has_user || host.is_empty() {
        return host_and_port(text.rsplit_once('@')?.1);
    }
    (!host.contains(['/', ',']) && is_escaped(text)).then_some((host, port))
}

/// Removes user information, which may identify the caller.
fn without_user(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

/// True if every `%` begins an escape.
fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let escape = after.as_bytes().get(..2);
        escape.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_taken_apart() {
        let cases = [
            // GR-22
            ("passthrough:///127.0.0.1:7777", ("127.0.0.1", Some(7777))),
            ("dns:///example.com:443", ("example.com", Some(443))),
            (
                "dns://ns.example.com/example.com:443",
                ("example.com", Some(443)),
            ),
            ("dns:///svc:https", ("svc", None)),
            ("xds:///my-service:50051", ("my-service", Some(50051))),
            ("unix:///tmp/grpc.sock", ("/tmp/grpc.sock", None)),
            ("unix-abstract:///grpc.sock", ("/grpc.sock", None)),
            ("passthrough:///bufnet", ("bufnet", None)),
            ("dns:///[::1]:8080", ("::1", Some(8080))),
            (
                "dns:///example%zz.com:443",
                ("dns:///example%zz.com:443", None),
            ),
            ("127.0.0.1:7777", ("127.0.0.1", Some(7777))),
            ("[::1]:8080", ("::1", Some(8080))),
            // The conventions' own examples.
            ("grpc.io:50051", ("grpc.io", Some(50051))),
            ("dns://1.2.3.4/grpc.io:50051", ("grpc.io", Some(50051))),
            (
                "unix:///run/containerd/containerd.sock",
                ("/run/containerd/containerd.sock", None),
            ),
            (
                "zk://zookeeper:2181/my-server",
                ("zk://zookeeper:2181/my-server", None),
            ),
            (
                "ipv4:198.51.100.123:50051,198.51.100.124:50051",
                ("ipv4:198.51.100.123:50051,198.51.100.124:50051", None),
            ),
            // Other forms that gRPC allows, and malformed ones.
            ("unix:run/grpc.sock", ("run/grpc.sock", None)),
            ("dns:grpc.io", ("grpc.io", None)),
            ("grpc.io", ("grpc.io", None)),
            ("localhost:", ("localhost", None)),
            ("::1", ("::1", None)),
            ("dns://", ("dns://", None)),
            ("dns:///", ("dns:///", None)),
            ("a:b:c", ("a:b:c", None)),
            (":", (":", None)),
            // User information does not belong in a target, nor in telemetry.
            ("user:secret@grpc.io:50051", ("grpc.io", Some(50051))),
            ("user:secret@grpc.io", ("grpc.io", None)),
            ("user:80@grpc.io", ("grpc.io", None)),
            ("user@grpc.io", ("grpc.io", None)),
            ("dns:///user:secret@grpc.io:50051", ("grpc.io", Some(50051))),
            (
                "zk://user:secret@zookeeper:2181/my-server",
                ("zookeeper:2181/my-server", None),
            ),
            ("a:b@a:b:c", ("a:b:c", None)),
            ("unix:run/@grpc.sock", ("run/@grpc.sock", None)),
        ];
        for (target, expected) in cases {
            assert_eq!(parse(target), expected, "{target}");
        }
    }
}
