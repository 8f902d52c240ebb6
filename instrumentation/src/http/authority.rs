//! Splits `host[:port]`.

/// A host without the brackets of an IPv6 literal, and the port if it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses `host[:port]` without user information; `None` if there is no host.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        Self::parse_plain(text).or_else(|| Self::parse_any(text))
    }

    /// Parses the usual forms, a name or an IPv4 address, in one pass: a quarter of the work.
    fn parse_plain(text: &'a str) -> Option<Self> {
        let is_name = |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.');
        let end = text.bytes().position(|byte| !is_name(byte));
        let (host, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let port = match rest.as_bytes() {
            [] => None,
            [b':', digits @ ..] => Some(digits.iter().try_fold(0_u16, |port, digit| {
                let digit = char::from(*digit).to_digit(10)?;
                port.checked_mul(10)?
                    .checked_add(u16::try_from(digit).ok()?)
            })?),
            _ => return None,
        };
        let is_whole = !host.is_empty() && !rest.ends_with(':');
        is_whole.then_some(Self { host, port })
    }

    fn parse_any(text: &'a str) -> Option<Self> {
        let text = match text.bytes().rposition(|byte| byte == b'@') {
            Some(at) => text.get(at + 1..)?,
            None => text,
        };
        let (host, port) = split(text);
        let plausible = !host.is_empty() && host.bytes().all(is_plausible);
        plausible.then_some(Self { host, port })
    }
}

/// Lenient: every text that does not break a URL counts as a host.
fn is_plausible(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'/' | b'\\' | b'?' | b'#' | b'<' | b'>' | b'[' | b']' | b',' | b';' | b'='
        )
}

/// The host is empty if the text is malformed; a port that is not a number is left out.
pub(crate) fn split(text: &str) -> (&str, Option<u16>) {
    if let Some(bracketed) = text.strip_prefix('[') {
        let Some((host, rest)) = bracketed.split_once(']') else {
            return ("", None);
        };
        return match rest.strip_prefix(':') {
            Some(port) if !port.contains(':') => (host, parse_port(port)),
            None if rest.is_empty() => (host, None),
            _ => ("", None),
        };
    }
    let Some(colon) = text.bytes().position(|byte| byte == b':') else {
        return (text, None);
    };
    let (host, port) = (text.get(..colon), text.get(colon + 1..).unwrap_or_default());
    if !port.bytes().any(|byte| byte == b':') {
        return (host.unwrap_or_default(), parse_port(port));
    }
    // More than one colon without brackets: an IPv6 address as in `X-Forwarded-For`.
    match text.parse::<std::net::Ipv6Addr>() {
        Ok(_) => (text, None),
        Err(_) => ("", None),
    }
}

/// `str::parse` alone would accept a leading `+`.
fn parse_port(text: &str) -> Option<u16> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// The port that a scheme implies.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_split() {
        // HSU-17, and bare IPv6 as proxies write it.
        let cases = [
            ("", ("", None)),
            (":8080", ("", Some(8080))),
            ("127.0.0.1", ("127.0.0.1", None)),
            ("[]", ("", None)),
            ("[fe80::1", ("", None)),
            ("[fe80::1]", ("fe80::1", None)),
            ("[fe80::1%25en0]", ("fe80::1%25en0", None)),
            ("[fe80::1]:8080", ("fe80::1", Some(8080))),
            ("[fe80::1]::", ("", None)),
            ("127.0.0.1:", ("127.0.0.1", None)),
            ("127.0.0.1:port", ("127.0.0.1", None)),
            ("127.0.0.1:+80", ("127.0.0.1", None)),
            ("127.0.0.1:65536", ("127.0.0.1", None)),
            ("www.example.com:8080", ("www.example.com", Some(8080))),
            ("2001:db8::1", ("2001:db8::1", None)),
            ("a:b:c", ("", None)),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_authorities_are_read_as_all_are() {
        for text in [
            "example.com",
            "example.com:8080",
            "127.0.0.1:65535",
            "127.0.0.1:65536",
            "a:",
            ":80",
            "a:+80",
            "a:b:c",
            "user@a:1",
            "A-b.c",
            "",
        ] {
            assert_eq!(Authority::parse(text), Authority::parse_any(text), "{text}");
        }
    }

    #[test]
    fn implausible_hosts_are_absent() {
        // HSU-06: `"` and `""` are not hosts.
        for text in ["", "\"", "\"\"", "[::1", "a b", "a/b", "user@", "caf\u{e9}"] {
            assert_eq!(Authority::parse(text), None, "{text}");
        }
        let parsed = Authority::parse("user:secret@example.com:42");
        assert_eq!(
            parsed,
            Some(Authority {
                host: "example.com",
                port: Some(42)
            })
        );
    }

    #[test]
    fn default_ports_follow_the_scheme() {
        // HCU-13
        let cases = [
            ("http", Some(80)),
            ("https", Some(443)),
            ("ws", Some(80)),
            ("gopher", None),
        ];
        for (scheme, expected) in cases {
            assert_eq!(default_port(scheme), expected, "{scheme}");
        }
    }
}
