//! What every platform has to carry, and all that this one does, read and written.

pub(crate) const MAX_MEMBERS: usize = 64;
pub(crate) const MAX_BYTES: usize = 8192;
