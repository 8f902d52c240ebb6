//! Values that repeat from request to request and are made once. Without this folder everything
//! would be the same, but slower.

pub(crate) mod intern;
pub(crate) mod label_list;
pub(crate) mod pool;
pub(crate) mod table;
