//! Texts that come with request after request: allocated once, then only looked up.
//!
//! A span's name and its route are the same for all requests to a route, and so is the host that a
//! server is known by. Looking one up costs some 60 instructions, making one 150 to 300.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::bounded::{self, Table};
use crate::http::{Authority, Endpoint};

/// The name `{word} {target}` of a span, and the target by itself.
pub(crate) fn name(word: &str, target: &str) -> (Cow<'static, str>, Cow<'static, str>) {
    let found = (word.len() + target.len() <= MAX_LENGTH).then(|| {
        let hash = bounded::hash(target, bounded::hash(word, 0));
        let is = |known: &Name| known.is(word, target);
        NAMES.find(hash, is, || Name::new(word, target))
    });
    match found.flatten() {
        Some(known) => (Cow::Borrowed(&known.text), Cow::Borrowed(&known.target)),
        None => {
            let name = [word, " ", target].concat();
            (Cow::Owned(name), Cow::Owned(target.to_owned()))
        }
    }
}

/// A route that has no name yet, or one that is a name.
pub(crate) fn route(route: &str) -> Cow<'static, str> {
    kept(&ROUTES, route)
}

/// A host or a user agent: most requests of a service come with one of a few. Made-up ones soon
/// find the table full.
pub(crate) fn peer(text: &str) -> Cow<'static, str> {
    kept(&PEERS, text)
}

fn kept<const BUCKETS: usize>(
    table: &'static Table<Box<str>, BUCKETS>,
    text: &str,
) -> Cow<'static, str> {
    let found = (text.len() <= MAX_LENGTH).then(|| {
        table.find(
            bounded::hash(text, 0),
            |known| **known == *text,
            || text.into(),
        )
    });
    match found.flatten() {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(text.to_owned()),
    }
}

/// The host and the port of `host[:port]`, taken apart once.
pub(crate) fn authority(text: &str) -> Option<Endpoint> {
    let found = (text.len() <= MAX_LENGTH).then(|| {
        let hash = bounded::hash(text, 0);
        AUTHORITIES.find(hash, |known| known.is(text), || KnownAuthority::new(text))
    });
    let Some(known) = found.flatten() else {
        let Authority { host, port } = Authority::parse(text)?;
        let host = Cow::Owned(host.to_owned());
        return Some(Endpoint { host, port });
    };
    let (host, port) = known.parsed.as_ref()?;
    Some(Endpoint {
        host: Cow::Borrowed(host),
        port: *port,
    })
}

/// The address of a peer: behind a proxy all requests come from a few. Elsewhere hardly any comes
/// again, so a look-up in vain has to be short.
pub(crate) fn address(address: IpAddr) -> Cow<'static, str> {
    let hash = match address {
        IpAddr::V4(address) => bounded::hash(address.octets(), 0),
        IpAddr::V6(address) => bounded::hash(address.octets(), 0),
    };
    let make = || (address, address.to_string().into());
    match ADDRESSES.find(hash, |(known, _)| *known == address, make) {
        Some((_, text)) => Cow::Borrowed(text),
        None => Cow::Owned(address.to_string()),
    }
}

static NAMES: Table<Name, 1024> = Table::new();
static ROUTES: Table<Box<str>, 1024> = Table::new();
static PEERS: Table<Box<str>, 64> = Table::new();
static AUTHORITIES: Table<KnownAuthority, 64> = Table::new();
static ADDRESSES: Table<(IpAddr, Box<str>), 256, 2> = Table::new();

/// The name of a span, and the part of it behind the word.
struct Name {
    text: Box<str>,
    target: Box<str>,
}

impl Name {
    fn new(word: &str, target: &str) -> Self {
        Self {
            text: [word, " ", target].concat().into(),
            target: target.into(),
        }
    }

    fn is(&self, word: &str, target: &str) -> bool {
        *self.target == *target
            && self.text.len() == word.len() + 1 + target.len()
            && self.text.starts_with(word)
    }
}

/// An authority without its user information, and what it was found to be.
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

    /// User information is compared past, which costs nothing where there is none.
    fn is(&self, text: &str) -> bool {
        *self.text == *text || {
            let before = text.strip_suffix(&*self.text);
            before.is_some_and(|before| before.ends_with('@'))
        }
    }
}

const MAX_LENGTH: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_not_made_again() {
        let pointer = |text: &Cow<'_, str>| match text {
            Cow::Borrowed(text) => Some(text.as_ptr()),
            Cow::Owned(_) => None,
        };
        let (made, target) = name("GET", "/users/{id}");
        assert_eq!((&*made, &*target), ("GET /users/{id}", "/users/{id}"));
        let (found, _) = name("GET", &String::from("/users/{id}"));
        assert!(pointer(&made).is_some());
        assert_eq!(pointer(&made), pointer(&found));
        assert_eq!(pointer(&route("/a")), pointer(&route("/a")));
        assert_eq!(peer("example.com"), "example.com");
    }

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

    #[test]
    fn addresses_are_told_apart_and_found_again() {
        let texts = (0..=255).flat_map(|last| [format!("10.0.0.{last}"), format!("::1:{last:x}")]);
        for text in texts {
            let parsed: IpAddr = text.parse().unwrap();
            assert_eq!(address(parsed), text);
            assert_eq!(address(parsed), text);
        }
        let again = "192.0.2.1".parse().unwrap();
        if let (Cow::Borrowed(one), Cow::Borrowed(other)) = (address(again), address(again)) {
            assert_eq!(one.as_ptr(), other.as_ptr());
        }
    }

    #[test]
    fn names_are_told_apart_by_both_parts() {
        assert_eq!(name("A", "B C").1, "B C");
        assert_eq!(name("A B", "C").1, "C");
        assert_eq!(name("", "").1, "");
    }

    #[test]
    fn long_texts_are_not_kept() {
        let long = "x".repeat(MAX_LENGTH);
        let (name, target) = name("GET", &long);
        assert!(matches!(name, Cow::Owned(_)));
        assert_eq!(target, long);
    }
}
