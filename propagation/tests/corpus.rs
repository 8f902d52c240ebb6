//! Replays the corpora of the fuzz targets.
//!
//! How to search for more inputs: see the section "Tests" of the README.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

#[allow(unreachable_pub, reason = "a crate of its own where it is fuzzed")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::{fs, path::Path};

#[test]
fn trace_context() {
    replay("trace_context", targets::trace_context);
}

#[test]
fn baggage() {
    replay("baggage", targets::baggage);
}

#[test]
fn b3() {
    replay("b3", targets::b3);
}

#[test]
fn jaeger() {
    replay("jaeger", targets::jaeger);
}

#[test]
fn xray() {
    replay("xray", targets::xray);
}

#[test]
fn messages() {
    replay("messages", targets::messages);
}

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut count = 0;
    for entry in fs::read_dir(corpus.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        // Otherwise the panic would not name the file.
        println!("{}", path.display());
        check(&bytes);
        count += 1;
    }
    assert!(count > 0, "{target} has a corpus");
}
