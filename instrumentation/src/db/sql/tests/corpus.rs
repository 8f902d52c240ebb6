//! Replays the corpus of the fuzz target.
//!
//! To find more inputs: `cargo +nightly fuzz run sql -- -dict=fuzz/dictionary.txt` in this crate.

use std::fs;
use std::path::Path;

use super::check;

#[test]
fn what_was_found_once_holds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.exists() {
        // A package cannot contain another one.
        return;
    }
    let mut count = 0;
    for entry in fs::read_dir(fuzz.join("corpus/sql")).unwrap() {
        let path = entry.unwrap().path();
        // The panic does not name the file that fails.
        println!("{}", path.display());
        check::sql(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "there is a corpus");
}
