//! Texts that repeat from request to request: allocated once, then only looked up.
//!
//! All requests to a route have the same span name and route, and mostly the same host. A look-up
//! costs some 60 instructions, a new text 150 to 300.

use std::borrow::Cow;
use std::net::IpAddr;

use super::table::{Table, hash};

/// The name `{word} {target}` of a span, and the target by itself.
pub(crate) fn name(word: &str, target: &str) -> (Cow<'static, str>, Cow<'static, str>) {
    let found = (word.len() + target.len() <= MAX_LENGTH).then(|| {
        let hash = hash(target, hash(word, 0));
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

/// The text of a route that has no span name yet or is the span name itself.
pub(crate) fn route(route: &str) -> Cow<'static, str> {
    kept(&ROUTES, route)
}

/// The text of a host or a user agent. Most requests to a service have one of a few; made-up ones
/// soon find the table full.
pub(crate) fn peer(text: &str) -> Cow<'static, str> {
    kept(&PEERS, text)
}

/// The code of a database's error; `None` if it is too long for a code, or if the table is full,
/// because procedures can raise codes of their own.
pub(crate) fn error_code(code: &str) -> Option<&'static str> {
    (code.len() <= MAX_CODE_LENGTH)
        .then(|| ERROR_CODES.text(code))
        .flatten()
}

fn kept<const BUCKETS: usize>(
    table: &'static Table<Box<str>, BUCKETS>,
    text: &str,
) -> Cow<'static, str> {
    let found = (text.len() <= MAX_LENGTH).then(|| table.text(text));
    match found.flatten() {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(text.to_owned()),
    }
}

/// The text of a peer's address. Behind a proxy, all requests come from a few addresses. Without
/// one, addresses hardly repeat, so a failed look-up has to be cheap.
pub(crate) fn address(address: IpAddr) -> Cow<'static, str> {
    let hash = match address {
        IpAddr::V4(address) => hash(address.octets(), 0),
        IpAddr::V6(address) => hash(address.octets(), 0),
    };
    let make = || (address, address.to_string().into());
    match ADDRESSES.find(hash, |(known, _)| *known == address, make) {
        Some((_, text)) => Cow::Borrowed(text),
        None => Cow::Owned(address.to_string()),
    }
}

/// The text of a partition's number.
pub(crate) fn number(number: i32) -> Cow<'static, str> {
    let make = || (number, number.to_string().into());
    let bytes = number.to_le_bytes();
    match NUMBERS.find(hash(bytes, 0), |(known, _)| *known == number, make) {
        Some((_, text)) => Cow::Borrowed(text),
        None => Cow::Owned(number.to_string()),
    }
}

static NAMES: Table<Name, 1024> = Table::new();
static ROUTES: Table<Box<str>, 1024> = Table::new();
static PEERS: Table<Box<str>, 64> = Table::new();
static ERROR_CODES: Table<Box<str>, 32> = Table::new();
static ADDRESSES: Table<(IpAddr, Box<str>), 256, 2> = Table::new();
static NUMBERS: Table<(i32, Box<str>), 256, 4> = Table::new();

/// The name of a span, and the part behind its first word.
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

const MAX_CODE_LENGTH: usize = 64;
/// Longer texts are not kept.
pub(crate) const MAX_LENGTH: usize = 255;

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
    fn numbers_are_told_apart_and_found_again() {
        for _ in 0..2 {
            for n in (-3..2_000).chain([i32::MIN, i32::MAX]) {
                assert_eq!(number(n), n.to_string());
            }
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
