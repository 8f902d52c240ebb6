//! Texts that come with request after request: allocated once, then only looked up.
//!
//! A span's name and its route are the same for all requests to a route, and so is the host that a
//! server is known by. Looking one up costs some 60 instructions, making one 150 to 300.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::http::Authority;

/// The name `{word} {target}` of a span, and the target by itself.
pub(crate) fn name(word: &str, target: &str) -> (Cow<'static, str>, Cow<'static, str>) {
    match NAMES.find(word, target, |_| ()) {
        Some(known) => (Cow::Borrowed(&known.text), Cow::Borrowed(known.second())),
        None => {
            let name = [word, " ", target].concat();
            (Cow::Owned(name), Cow::Owned(target.to_owned()))
        }
    }
}

/// A route that has no name yet, or one that is a name.
pub(crate) fn route(route: &str) -> Cow<'static, str> {
    second(NAMES.find("", route, |_| ()), route)
}

/// A host or a user agent: most requests of a service come with one of a few. Made-up ones soon
/// find the table full.
pub(crate) fn peer(text: &str) -> Cow<'static, str> {
    second(PEERS.find("", text, |_| ()), text)
}

fn second(found: Option<&'static Entry<()>>, text: &str) -> Cow<'static, str> {
    match found {
        Some(known) => Cow::Borrowed(known.second()),
        None => Cow::Owned(text.to_owned()),
    }
}

/// The host and the port of `host[:port]`, taken apart once.
pub(crate) fn authority(text: &str) -> Option<(Cow<'static, str>, Option<u16>)> {
    let Some(known) = AUTHORITIES.find("", text, parse) else {
        let Authority { host, port } = Authority::parse(text)?;
        return Some((Cow::Owned(host.to_owned()), port));
    };
    let (host, port) = known.value.as_ref()?;
    Some((Cow::Borrowed(host), *port))
}

fn parse(text: &str) -> Option<(Box<str>, Option<u16>)> {
    Authority::parse(text).map(|Authority { host, port }| (host.into(), port))
}

static NAMES: Table<(), 1024> = Table::new();
static PEERS: Table<(), 64> = Table::new();
static AUTHORITIES: Table<Option<(Box<str>, Option<u16>)>, 64> = Table::new();

/// Texts that stay for as long as the process: nothing is removed, so that readers need no lock,
/// and hence bounded in number and length. Chained rather than in one array, because most services
/// have few routes and some have thousands.
struct Table<T, const BUCKETS: usize> {
    buckets: [OnceLock<Box<Entry<T>>>; BUCKETS],
}

struct Entry<T> {
    /// Both parts with a space between.
    text: Box<str>,
    space: usize,
    /// What was made of the second part.
    value: T,
    next: OnceLock<Box<Entry<T>>>,
}

impl<T, const BUCKETS: usize> Table<T, BUCKETS> {
    const fn new() -> Self {
        Self {
            buckets: [const { OnceLock::new() }; BUCKETS],
        }
    }

    fn find(
        &'static self,
        first: &str,
        second: &str,
        make: fn(&str) -> T,
    ) -> Option<&'static Entry<T>> {
        if first.len() + second.len() > MAX_LENGTH {
            return None;
        }
        let hash = hash(second.as_bytes(), hash(first.as_bytes(), 0));
        // A product has its good bits at the top.
        let mut slot = self.buckets.get((hash >> 32) as usize % BUCKETS)?;
        for _ in 0..MAX_DEPTH {
            let entry = slot.get_or_init(|| Box::new(Entry::new(first, second, make)));
            if entry.is(first, second) {
                return Some(entry);
            }
            slot = &entry.next;
        }
        None
    }
}

impl<T> Entry<T> {
    fn new(first: &str, second: &str, make: fn(&str) -> T) -> Self {
        Self {
            text: [first, " ", second].concat().into(),
            space: first.len(),
            value: make(second),
            next: OnceLock::new(),
        }
    }

    fn second(&self) -> &str {
        self.parts().1
    }

    fn is(&self, first: &str, second: &str) -> bool {
        let (known_first, known_second) = self.parts();
        known_second == second && known_first == first
    }

    fn parts(&self) -> (&str, &str) {
        let (first, rest) = self.text.split_at_checked(self.space).unwrap_or_default();
        (first, rest.strip_prefix(' ').unwrap_or_default())
    }
}

/// Eight bytes at a time, the last eight once more instead of a rest. Nobody outside chooses routes,
/// and of peers only a few are kept, so that collisions on purpose gain nothing: a chain is short
/// whatever happens.
fn hash(text: &[u8], start: u64) -> u64 {
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
    let Some(last) = text.last_chunk::<8>() else {
        let word = text
            .iter()
            .fold(1, |word, byte| word << 8 | u64::from(*byte));
        return mix(start, word);
    };
    let (words, _) = text.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(start, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    mix(hash, u64::from_le_bytes(*last))
}

/// Odd, with its bits spread (the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

const MAX_LENGTH: usize = 255;
const MAX_DEPTH: usize = 16;

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
    fn names_are_told_apart_by_both_parts() {
        assert_eq!(name("A", "B C").1, "B C");
        assert_eq!(name("A B", "C").1, "C");
        assert_eq!(name("", "").1, "");
    }

    #[test]
    fn a_table_has_an_end() {
        static TABLE: Table<(), 2> = Table::new();
        let find = |text: &str| TABLE.find("", text, |_| ());
        let found = (0..1_000).filter(|number| find(&number.to_string()).is_some());
        assert!((MAX_DEPTH..=2 * MAX_DEPTH).contains(&found.count()));
        assert_eq!(find("0").map(Entry::second), Some("0"));
        let long = "x".repeat(MAX_LENGTH);
        let (name, target) = name("GET", &long);
        assert!(matches!(name, Cow::Owned(_)));
        assert_eq!(target, long);
    }
}
