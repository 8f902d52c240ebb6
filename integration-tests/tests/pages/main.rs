//! What the pages say of the repository itself: links, versions, options, and code that is to be
//! copied.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod added_crates;
mod links;
mod options;
mod page;
mod test_kits;
mod two_versions;
mod versions;
