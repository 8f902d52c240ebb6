//! A README, read in order to copy from it.

use std::fs;
use std::path::{Path, PathBuf};

/// The text of a page, by its path in the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a page")
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("a workspace").to_owned()
}

/// The first block of code in this language that contains this text.
pub(crate) fn block(page: &str, language: &str, part: &str) -> String {
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let code: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        let code = code.join("\n") + "\n";
        if info.split(',').next() == Some(language) && code.contains(part) {
            return code;
        }
    }
    panic!("no {language} with {part:?}");
}
