//! The list of what has to hold for every driver.

pub mod ends;
pub mod failures;
pub mod queries;
pub mod surroundings;
pub mod transactions;
