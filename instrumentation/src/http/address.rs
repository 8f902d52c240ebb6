//! `server.address` and `server.port`.

use std::borrow::Cow;

use opentelemetry::KeyValue;

use super::authority::Authority;
use crate::config::Common;
use crate::facts::Request;
use crate::reuse::intern::{self, MAX_LENGTH};
use crate::reuse::table::{Table, hash};
use crate::semconv;

/// The server that a request is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerAddress {
    pub(crate) host: Cow<'static, str>,
    pub(crate) port: Option<u16>,
}

impl ServerAddress {
    /// The Unix socket of the configuration, which has no port.
    pub(crate) fn socket(config: &Common) -> Option<Self> {
        let host = intern::peer(config.unix_socket.as_ref()?);
        Some(Self { host, port: None })
    }

    /// The address in the request itself: its authority, or the `host` header.
    pub(crate) fn of(request: &Request<'_>) -> Option<Self> {
        let address = request.authority.and_then(authority);
        address.or_else(|| authority(request.headers.get("host")?))
    }

    /// A server's own address.
    pub(crate) fn of_server(request: &Request<'_>, config: &Common) -> Option<Self> {
        Self::socket(config).or_else(|| Self::of(request))
    }

    pub(crate) fn describe(self, attributes: &mut Vec<KeyValue>) {
        attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, self.host));
        if let Some(port) = self.port {
            attributes.push(KeyValue::new(semconv::SERVER_PORT, i64::from(port)));
        }
    }
}

/// The host and the port of `host[:port]`, parsed once for each text.
fn authority(text: &str) -> Option<ServerAddress> {
    let found = (text.len() <= MAX_LENGTH).then(|| {
        let hash = hash(text, 0);
        AUTHORITIES.find(hash, |known| known.is(text), || KnownAuthority::new(text))
    });
    let Some(known) = found.flatten() else {
        let Authority { host, port } = Authority::parse(text)?;
        let host = Cow::Owned(host.to_owned());
        return Some(ServerAddress { host, port });
    };
    let (host, port) = known.parsed.as_ref()?;
    Some(ServerAddress {
        host: Cow::Borrowed(host),
        port: *port,
    })
}

/// An authority without its user information, and the parsed address.
struct KnownAuthority {
    text: Box<str>,
    parsed: Option<(Box<str>, Option<u16>)>,
}

impl KnownAuthority {
    fn new(text: &str) -> Self {
        let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
        let parsed = Authority::parse(text);
        Self {
            text: text.into(),
            parsed: parsed.map(|Authority { host, port }| (host.into(), port)),
        }
    }

    /// User information in front of it makes no difference.
    fn is(&self, text: &str) -> bool {
        *self.text == *text || {
            let before = text.strip_suffix(&*self.text);
            before.is_some_and(|before| before.ends_with('@'))
        }
    }
}

static AUTHORITIES: Table<KnownAuthority, 64> = Table::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_taken_apart() {
        let authority = |text: &str| authority(text).map(|it| (it.host, it.port));
        for _ in 0..2 {
            assert_eq!(
                authority("shop.example:80"),
                Some(("shop.example".into(), Some(80)))
            );
            assert_eq!(authority("[::1]"), Some(("::1".into(), None)));
            assert_eq!(authority("a b"), None);
        }
        let long = "x".repeat(MAX_LENGTH + 1);
        assert_eq!(authority(&long), Some((long.clone().into(), None)));
    }

    #[test]
    fn user_information_is_not_kept() {
        let authority = |text: &str| authority(text).map(|it| (it.host, it.port));
        let known = KnownAuthority::new("user:secret@shop.example:80");
        assert_eq!(&*known.text, "shop.example:80");
        for text in [
            "shop.example:80",
            "user:secret@shop.example:80",
            "a@b@shop.example:80",
        ] {
            assert!(known.is(text), "{text}");
            assert_eq!(authority(text), Some(("shop.example".into(), Some(80))));
        }
        for text in [
            "a.shop.example:80",
            "user:secret@a.shop.example:80",
            "example:80",
        ] {
            assert!(!known.is(text), "{text}");
        }
        assert_eq!(authority("user:secret@"), None);
    }
}
