//! The command that the pages name finds two versions of a crate, and who depends on which.

use std::env;
use std::fs;
use std::process::Command;

use crate::page::{Page, root};

#[test]
fn command_of_the_pages_lists_both_versions() {
    let folder = env::temp_dir().join(format!("otel-two-versions-{}", std::process::id()));
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    // In place of the registry's crates, which may not be in the cache.
    let old = "[package]\nname = \"opentelemetry\"\nversion = \"0.32.0\"\n";
    write("old/Cargo.toml", old);
    write("old/src/lib.rs", "");
    let ours = root().join("middleware-axum");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"service\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [dependencies]\nopentelemetry = {{ path = \"old\" }}\n\
         otel-middleware-axum = {{ path = {ours:?} }}\n"
    );
    write("Cargo.toml", &manifest);
    write("src/lib.rs", "");
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");

    let page = Page::read("docs/troubleshooting.md");
    let (_, section) = page.text.split_once("How to see it: `cargo ").expect("it");
    let (arguments, _) = section.split_once('`').expect("the end of the command");
    let tree = Command::new(env!("CARGO"))
        .args(arguments.split(' '))
        .arg("--offline")
        .current_dir(&folder)
        .output()
        .expect("cargo");
    fs::remove_dir_all(&folder).expect("the folder");

    let errors = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{errors}");
    let tree = String::from_utf8(tree.stdout).expect("text");
    let dependents = |version: &str| {
        let start = format!("opentelemetry v{version}");
        let mut parts = tree.split("\n\n").filter(|part| part.starts_with(&start));
        let part = parts.next().unwrap_or_else(|| panic!("{tree}"));
        let dependents = part
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').nth(1));
        dependents.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(dependents("0.32."), ["service"]);
    let ours = ["otel-instrumentation", "otel-propagation"];
    assert_eq!(dependents("0.33."), ours);
}

#[test]
fn every_place_names_the_same_command() {
    let command = "`cargo tree -d --depth 1`";
    let notice = root().join("instrumentation/src/providers/notice.rs");
    let notice = fs::read_to_string(notice).expect("a source");
    assert!(notice.contains(command), "{notice}");
    for name in [
        "actix", "axum", "diesel", "kafka", "reqwest", "sqlx", "tonic",
    ] {
        let page = Page::read(&format!("middleware-{name}/README.md"));
        assert!(page.text.contains(command), "{name}");
    }
}
