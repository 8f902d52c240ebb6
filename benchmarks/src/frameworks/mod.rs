//! The same request to the same handler in every framework.

pub mod actix;
pub mod axum;
pub mod reqwest;
pub mod tonic;
