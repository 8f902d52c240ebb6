//! The least that every platform has to carry, and the most that this one reads and writes.

pub(crate) const MAX_MEMBERS: usize = 64;
pub(crate) const MAX_BYTES: usize = 8192;
