//! Reads the tests' sources: a test names the scenarios that it proves in its own comments, so that
//! the list cannot be out of date.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A test, and the ids that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    /// Its path, as the documentation shows it.
    pub(super) name: String,
    /// The ids in the comments before it and inside of it.
    pub(super) ids: BTreeSet<String>,
}

/// The tests of a file, or of all files below a folder, both from the root of the repository.
///
/// # Panics
///
/// If the file or folder cannot be read.
pub(super) fn tests_of(path: &str) -> Vec<Test> {
    files(&root().join(path))
        .iter()
        .flat_map(|file| {
            let module = module(file);
            tests(&read(file), &module, is_attributed)
        })
        .collect()
}

/// The scenarios of a contract for which its macro makes tests.
pub(super) fn scenarios_of(contract: &str) -> Vec<Test> {
    let folder = root().join(format!("integration-tests/src/contract/{contract}"));
    let list = read(&folder.join("mod.rs"));
    let listed: BTreeSet<_> = list.lines().map(str::trim).collect();
    files(&folder)
        .iter()
        .flat_map(|file| tests(&read(file), &module(file), |name, _| listed.contains(name)))
        .collect()
}

/// The abilities that a file declares when it applies a contract: the names after the application.
pub(super) fn takes_part(file: &str, contract: &str) -> Option<Vec<String>> {
    let source = read(&root().join(file));
    let (_, call) = source.split_once(&format!("integration_tests::{contract}_contract!("))?;
    let (arguments, _) = call.split_once(");")?;
    let capabilities = arguments.split(',').skip(1);
    Some(capabilities.map(|it| it.trim().to_owned()).collect())
}

/// The abilities that a framework may have: the modules for which the contract's macro makes tests
/// on demand.
pub(super) fn capabilities_of(contract: &str) -> Vec<String> {
    let list = read(&root().join(format!("integration-tests/src/contract/{contract}/mod.rs")));
    let arms = list
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(@"));
    arms.filter_map(|arm| Some(arm.split_once(' ')?.0.to_owned()))
        .collect()
}

/// Scenarios that are written, but for which no macro makes a test.
#[cfg(test)]
fn unlisted(contract: &str) -> Vec<String> {
    let listed = scenarios_of(contract);
    let folder = root().join(format!("integration-tests/src/contract/{contract}"));
    let files = files(&folder);
    let written = files.iter().flat_map(|file| {
        let (source, module) = (read(file), module(file));
        let lines: Vec<_> = source.lines().map(str::to_owned).collect();
        let scenarios = lines
            .into_iter()
            .filter(|line| line.starts_with("pub async fn "));
        let names = scenarios.filter_map(|line| Some(function(&line)?.to_owned()));
        names
            .map(|name| format!("{module}::{name}"))
            .collect::<Vec<_>>()
    });
    written
        .filter(|name| !listed.iter().any(|test| test.name == *name))
        .collect()
}

pub(super) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths.iter().flat_map(|path| files(path)).collect()
}

/// `integration-tests/src/contract/server/mod.rs` is `contract::server`.
fn module(file: &Path) -> String {
    let path = file.strip_prefix(root()).expect("a file of the repository");
    let path = path.with_extension("");
    let parts = path.iter().map(|part| part.to_str().expect("text"));
    let parts: Vec<_> = parts
        .filter(|part| !["integration-tests", "src", "tests", "mod"].contains(part))
        .collect();
    parts.join("::")
}

/// An ignored test proves nothing.
fn is_attributed(_: &str, attributes: &str) -> bool {
    let is_test = |line: &str| line.starts_with("#[") && line.contains("test");
    attributes.lines().any(is_test) && !attributes.contains("#[ignore")
}

/// Parses as much of Rust as rustfmt's layout needs: a function ends with the brace below its
/// start.
fn tests(source: &str, module: &str, is_test: impl Fn(&str, &str) -> bool) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    let mut before = String::new();
    let mut end = None::<String>;
    for line in source.lines() {
        let text = line.trim_start();
        if let Some(closing) = &end {
            let test = tests.last_mut().expect("the test that it ends");
            test.ids.extend(ids(text));
            if line == closing {
                end = None;
            }
        } else if let Some(name) = function(text) {
            if is_test(name, &before) {
                tests.push(Test {
                    name: format!("{module}::{name}"),
                    ids: ids(&before).collect(),
                });
                end = Some(format!("{}}}", &line[..line.len() - text.len()]));
            }
            before.clear();
        } else if text.starts_with("///") || text.starts_with("#[") {
            before.push_str(text);
            before.push('\n');
        } else {
            before.clear();
        }
    }
    tests
}

/// The name of the function that begins on this line.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_start_matches("pub ").trim_start_matches("async ");
    let rest = line.strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

/// Every id in a text, such as `HS-01`.
fn ids(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '-');
    words.filter(|word| is_id(word)).map(str::to_owned)
}

fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(family, number)| {
        ["HS", "HSU", "HC", "HCU", "GR", "KA"].contains(&family)
            && number.len() == 2
            && number.bytes().all(|it| it.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_is_written_is_run() {
        for contract in ["server", "client", "rpc"] {
            assert!(scenarios_of(contract).len() > 20, "{contract}");
            assert_eq!(unlisted(contract), [""; 0], "{contract}");
        }
    }

    #[test]
    fn tests_are_read_with_the_ids_in_front_and_inside() {
        let source = "
/// HS-01: a helper, and no test.
fn helper() {}

/// HS-02, HS-03.
#[tokio::test]
async fn first() {
    fn inner() {
        // HSU-04, XX-05, HS-6
    }
}

/// HS-07
#[test]
#[ignore]
fn ignored() {}

// HS-08
mod tests {
    #[test]
    fn second() {
        check(\"GR-09\");
    }
}
";
        let read: Vec<_> = tests(source, "file", is_attributed)
            .into_iter()
            .map(|test| (test.name, Vec::from_iter(test.ids)))
            .collect();
        let expected = [
            ("file::first", vec!["HS-02", "HS-03", "HSU-04"]),
            ("file::second", vec!["GR-09"]),
        ]
        .map(|(name, ids)| {
            (
                name.to_owned(),
                ids.into_iter().map(str::to_owned).collect(),
            )
        });
        assert_eq!(read, expected);
    }
}
