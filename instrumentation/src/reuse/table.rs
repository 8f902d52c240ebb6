//! Tables that only grow, up to a bound.
//!
//! Values that repeat from request to request are made once and then looked up. Nothing is removed,
//! so readers need no lock and may keep what they find. This is why the size is limited.

use std::sync::OnceLock;

/// Values that live as long as the table. They are chained rather than in one array, because most
/// services have few values and some have thousands.
pub(crate) struct Table<T, const BUCKETS: usize, const DEPTH: usize = USUAL_DEPTH> {
    buckets: [OnceLock<Box<Entry<T>>>; BUCKETS],
}

struct Entry<T> {
    value: T,
    next: OnceLock<Box<Entry<T>>>,
}

impl<T, const BUCKETS: usize, const DEPTH: usize> Table<T, BUCKETS, DEPTH> {
    pub(crate) const fn new() -> Self {
        Self {
            buckets: [const { OnceLock::new() }; BUCKETS],
        }
    }

    /// The value for which `is` returns true, made if there is none yet; `None` if there is no
    /// room.
    pub(crate) fn find(
        &self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        make: impl Fn() -> T,
    ) -> Option<&T> {
        let mut slot = self.buckets.get(Self::bucket(hash))?;
        for _ in 0..DEPTH {
            let entry = slot.get_or_init(|| {
                let (value, next) = (make(), OnceLock::new());
                Box::new(Entry { value, next })
            });
            if is(&entry.value) {
                return Some(&entry.value);
            }
            slot = &entry.next;
        }
        None
    }

    /// The same as [`find`](Self::find), but makes no value.
    pub(crate) fn get(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&T> {
        let mut slot = self.buckets.get(Self::bucket(hash))?;
        for _ in 0..DEPTH {
            let entry = slot.get()?;
            if is(&entry.value) {
                return Some(&entry.value);
            }
            slot = &entry.next;
        }
        None
    }

    /// Uses the top bits of the product: a difference at the end of a text changes no others.
    fn bucket(hash: u64) -> usize {
        const { assert!(BUCKETS.is_power_of_two() && BUCKETS > 1) };
        (hash >> (u64::BITS - BUCKETS.ilog2())) as usize
    }
}

/// Reads eight bytes at a time, and the last eight again instead of a remainder. Chains are always
/// short, so deliberate collisions gain nothing.
pub(crate) fn hash(bytes: impl AsRef<[u8]>, start: u64) -> u64 {
    let bytes = bytes.as_ref();
    let Some(last) = bytes.last_chunk::<8>() else {
        let word = bytes
            .iter()
            .fold(1, |word, byte| word << 8 | u64::from(*byte));
        return mix(start, word);
    };
    let (words, _) = bytes.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(start, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    mix(hash, u64::from_le_bytes(*last))
}

pub(crate) fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER)
}

/// An odd number with well-spread bits (the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

pub(crate) const USUAL_DEPTH: usize = 16;

impl<const BUCKETS: usize, const DEPTH: usize> Table<Box<str>, BUCKETS, DEPTH> {
    /// The kept copy of a text; `None` if there is no room.
    pub(crate) fn text(&self, text: &str) -> Option<&str> {
        let kept = self.find(hash(text, 0), |known| **known == *text, || text.into());
        kept.map(|known| &**known)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_table_has_an_end() {
        static TABLE: Table<String, 2> = Table::new();
        assert!(TABLE.get(0, |_| true).is_none());
        let find =
            |text: &str| TABLE.find(hash(text, 0), |known| known == text, || text.to_owned());
        let found = (0..1_000).filter(|number| find(&number.to_string()).is_some());
        assert!((USUAL_DEPTH..=2 * USUAL_DEPTH).contains(&found.count()));
        assert_eq!(find("0").map(String::as_str), Some("0"));
        let get = |text: &str| TABLE.get(hash(text, 0), |known| known == text);
        assert_eq!(get("0").map(String::as_str), Some("0"));
        assert_eq!(get("x"), None);
    }

    #[test]
    fn texts_that_are_nearly_the_same_are_told_apart() {
        fn places(text: impl Fn(u32) -> String) -> usize {
            let bucket = |number| Table::<(), 1024>::bucket(hash(text(number), hash("GET", 0)));
            (0..100).map(bucket).collect::<HashSet<_>>().len()
        }
        assert!(places(|n| format!("/things/{n:02}")) > 80);
        assert!(places(|n| format!("/api/v1/{n:03}/{{object_id}}")) > 80);
        assert!(places(|n| format!("127.0.0.1:80{n:02}")) > 80);
        assert!(places(|n| n.to_string()) > 80);
    }
}
