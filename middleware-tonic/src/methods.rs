//! The methods that are recognised and may become a label.
//!
//! A layer in front of a server sees every requested path. tonic does not expose the list of
//! methods, so a method is recognised once an answer shows that a call reached it.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// The methods that one layer recognises. A few comparisons find one; hashing its name costs more.
#[derive(Debug)]
pub(crate) enum Methods {
    /// Only these.
    Listed(BTreeSet<String>),
    /// Those that a call has reached.
    Learned(RwLock<BTreeSet<String>>),
}

impl Methods {
    pub(crate) fn learned() -> Self {
        Self::Learned(RwLock::default())
    }

    pub(crate) fn listed(methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let name = |method: String| match method.strip_prefix('/') {
            Some(name) => name.to_owned(),
            None => method,
        };
        Self::Listed(methods.into_iter().map(Into::into).map(name).collect())
    }

    pub(crate) fn recognises(&self, method: &str) -> bool {
        match self {
            Self::Listed(methods) => methods.contains(method),
            Self::Learned(methods) => methods
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(method),
        }
    }

    /// True if a method that is not recognised can still become so.
    pub(crate) fn has_room(&self) -> bool {
        match self {
            Self::Listed(_) => false,
            Self::Learned(methods) => {
                methods.read().unwrap_or_else(PoisonError::into_inner).len() < LIMIT
            }
        }
    }

    /// Adds the method if there is room; true if it is recognised from now on.
    pub(crate) fn learn(&self, method: &str) -> bool {
        let Self::Learned(methods) = self else {
            return false;
        };
        let mut methods = methods.write().unwrap_or_else(PoisonError::into_inner);
        if methods.len() < LIMIT {
            methods.insert(method.to_owned());
        }
        methods.contains(method)
    }
}

/// More than any server has. It limits the damage of a service that answers every path.
const LIMIT: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_is_bounded() {
        let methods = Methods::learned();
        for number in 0..2 * LIMIT {
            methods.learn(&format!("a.B/{number}"));
        }
        assert!(methods.recognises("a.B/999"));
        assert!(!methods.recognises("a.B/1000"));
        assert!(!methods.has_room());
    }

    #[test]
    fn a_list_is_final() {
        let methods = Methods::listed(["/a.B/C", "a.B/D"]);
        assert!(methods.recognises("a.B/C") && methods.recognises("a.B/D"));
        assert!(!methods.learn("a.B/E") && !methods.recognises("a.B/E"));
    }
}
