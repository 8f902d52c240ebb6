//! An option that knows whether the application has set it.

use std::ops::Deref;

/// A value, and whether it is more than a default.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    value: T,
    is_said: bool,
}

impl<T> Setting<T> {
    pub(super) fn unsaid(value: T) -> Self {
        let is_said = false;
        Self { value, is_said }
    }

    pub(super) fn said(value: T) -> Self {
        let is_said = true;
        Self { value, is_said }
    }

    /// Sets another default, which has no effect on a value that was set.
    pub(super) fn default_to(&mut self, value: T) {
        if !self.is_said {
            self.value = value;
        }
    }
}

impl<T> Deref for Setting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
