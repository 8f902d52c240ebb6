//! Does what a new user does: copies the code of the READMEs literally into empty projects outside
//! of the workspace, builds and runs them, and looks for the spans that they promise.
//!
//! ```sh
//! cargo run -p integration-tests --bin fresh_project
//! ```
//!
//! It is not part of `cargo test`, because the projects need many crates with other features: some
//! minutes if nothing is built yet. `CARGO_TARGET_DIR` sets where that is kept.

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
