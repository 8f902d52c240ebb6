//! Does what a new user does: copies the code of the READMEs into empty projects outside of the
//! workspace, to the letter, builds and runs them, and looks for the spans that they promise.
//!
//! ```sh
//! cargo run -p integration-tests --bin fresh_project
//! ```
//!
//! It is no test of `cargo test`, because the projects need much of the registry with other features:
//! minutes, where nothing of it is built yet. `CARGO_TARGET_DIR` says where that is kept.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "what a test would be fails by panicking, too"
)]

mod one_liners;
mod page;
mod programs;
mod workspace;

use crate::programs::Programs;
use crate::workspace::Workspace;

fn main() {
    let programs = Programs::of_the_pages();
    let workspace = Workspace::create(&programs);
    workspace.build();
    programs.run(&workspace);
    one_liners::run(&workspace);
    workspace.test();
    println!("every README does what it says");
}
