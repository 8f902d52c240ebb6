//! What comes with request after request and is made once. Without this folder everything is the
//! same, but slower.

pub(crate) mod intern;
pub(crate) mod label_list;
pub(crate) mod pool;
pub(crate) mod table;
