//! The pages recommend the versions that the tests use.

use std::collections::HashMap;
use std::fs;

use crate::page::{Page, pages, root};

#[test]
fn pages_name_the_versions_that_are_tested() {
    let tested = tested();
    let mut wrong = Vec::new();
    let mut named = 0;
    for page in pages() {
        for (name, version) in page.code("toml").into_iter().flat_map(dependencies) {
            // The "before" part of a page shows another crate.
            let Some(wanted) = tested.get(&name) else {
                continue;
            };
            named += 1;
            if !format!("{wanted}.").starts_with(&format!("{version}.")) {
                wrong.push(format!("{}: {name} {version}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(named > 20, "only {named} versions were found");
}

#[test]
fn readme_of_each_crate_says_how_it_is_added() {
    for name in PUBLISHED {
        let page = Page::read(&format!("{name}/README.md"));
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml"));
        let manifest = manifest.expect("a manifest");
        let package = value(&manifest, "name").expect("a name");
        let added = format!("cargo add {package}");
        assert!(page.text.contains(&added), "{name} has no `{added}`");
        let is_dependency = |block: &&str| {
            dependencies(block)
                .iter()
                .any(|(dependency, _)| *dependency == package)
        };
        let blocks = page.code("toml");
        assert!(
            blocks.iter().any(is_dependency),
            "{name} has no [dependencies] with it"
        );
    }
}

/// The workspace's requirements.
fn tested() -> HashMap<String, String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let (_, section) = manifest
        .split_once("[workspace.dependencies]")
        .expect("a section");
    dependencies(section).into_iter().collect()
}

/// The names and versions in a section of dependencies.
fn dependencies(section: &str) -> Vec<(String, String)> {
    let lines = section
        .lines()
        .take_while(|line| !line.starts_with("[workspace.lints"));
    let found = lines.filter_map(|line| {
        let (name, requirement) = line.split_once('=')?;
        let requirement = requirement.trim();
        let version = match requirement.strip_prefix('"') {
            Some(version) => version.split('"').next()?.to_owned(),
            None => value(requirement.strip_prefix('{')?, "version")?,
        };
        Some((name.trim().to_owned(), version))
    });
    found.collect()
}

/// The value of a key.
fn value(table: &str, key: &str) -> Option<String> {
    let (_, value) = table.split_once(&format!("{key} = \""))?;
    Some(value.split('"').next()?.to_owned())
}

const PUBLISHED: [&str; 12] = [
    "autoconfigure",
    "instrumentation",
    "middleware-actix",
    "middleware-axum",
    "middleware-diesel",
    "middleware-kafka",
    "middleware-reqwest",
    "middleware-sqlx",
    "middleware-tonic",
    "otlp",
    "propagation",
    "tracing-bridge",
];
