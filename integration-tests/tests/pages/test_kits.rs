//! The test in the README of a middleware is a test of that middleware.

use std::fs;

use crate::page::{Page, root};

#[test]
fn tests_of_the_readmes_are_run() {
    for name in [
        "actix", "axum", "diesel", "kafka", "reqwest", "sqlx", "tonic",
    ] {
        let test = root().join(format!("middleware-{name}/tests/test_it.rs"));
        let test = fs::read_to_string(test).expect("a test");
        // Without the line that says what the file is.
        let (_, test) = test.split_once("\n\n").expect("a first line");
        let page = Page::read(&format!("middleware-{name}/README.md"));
        let (_, section) = page.text.split_once("## Test it\n").expect("a section");
        let block = section.split("```rust\n").nth(1).unwrap_or_default();
        let block = block.split("```").next().unwrap_or_default();
        assert_eq!(block, test, "{name}");
    }
}
