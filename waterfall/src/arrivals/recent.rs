//! A bounded set that forgets its oldest entries.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Recent<T> {
    known: HashSet<T>,
    order: VecDeque<T>,
    most: usize,
}

impl<T: Clone + Eq + Hash> Recent<T> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            known: HashSet::new(),
            order: VecDeque::new(),
            most,
        }
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        self.known.contains(value)
    }

    pub(super) fn insert(&mut self, value: T) {
        if !self.known.insert(value.clone()) {
            return;
        }
        self.order.push_back(value);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn remove(&mut self, value: &T) {
        if self.known.remove(value) {
            self.order.retain(|known| known != value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_is_forgotten() {
        let mut recent = Recent::new(2);
        recent.insert(1);
        recent.insert(1);
        recent.insert(2);
        recent.insert(3);
        assert_eq!([1, 2, 3].map(|n| recent.contains(&n)), [false, true, true]);
        recent.remove(&3);
        recent.insert(4);
        assert_eq!([2, 3, 4].map(|n| recent.contains(&n)), [true, false, true]);
    }
}
