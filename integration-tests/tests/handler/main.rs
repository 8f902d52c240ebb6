//! What `docs/handler.md` promises, with `#[instrument]` around the handler and without.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod actix;
mod actix_snippets;
mod axum;
mod snippets;
mod spans;
mod tonic;
mod tonic_snippets;

#[test]
fn code_of_the_page_is_the_code_that_is_tested() {
    let page = include_str!("../../../docs/handler.md");
    let tested = [
        include_str!("snippets.rs"),
        include_str!("actix_snippets.rs"),
        include_str!("tonic_snippets.rs"),
    ];
    let tested = words(&tested.concat());
    let blocks: Vec<_> = page.split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 20);
    for block in blocks {
        let (code, _) = block.split_once("```").expect("an end of the block");
        for part in code.split("\n\n").filter(|part| !part.trim().is_empty()) {
            assert!(tested.contains(&words(part)), "{part}");
        }
    }
}

/// Ignores visibilities and spaces, because rustfmt breaks longer lines.
fn words(code: &str) -> String {
    let code = code.replace("pub(crate) ", "").replace(",\n)", ")");
    code.split_whitespace().collect()
}
