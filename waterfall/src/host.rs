//! Which hosts are this machine, without asking a name server.

use std::net::IpAddr;

/// An address cannot be redirected, and browsers resolve `localhost` themselves.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = without_port
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_address = bare.unwrap_or(without_port).parse::<IpAddr>().is_ok();
    is_address
        || without_port.eq_ignore_ascii_case("localhost")
        || without_port.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for host in [
            "127.0.0.1:4319",
            "127.0.0.1",
            "[::1]:4319",
            "[::1]",
            "localhost:4319",
            "LOCALHOST",
            "traces.localhost:4319",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "evil.example:4319",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1:4319:80",
            "[evil.example]",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
