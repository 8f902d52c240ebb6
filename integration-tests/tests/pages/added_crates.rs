//! How many crates the middleware adds to a service on axum.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::page::{Page, root};

#[test]
fn axum_service_gets_six_more_crates() {
    let folder = env::temp_dir().join(format!("otel-added-crates-{}", std::process::id()));
    fs::create_dir_all(folder.join("src")).expect("a folder");
    fs::write(folder.join("src/lib.rs"), "").expect("a file");
    let ours = root().join("middleware-axum");
    let ours = format!("otel-middleware-axum = {{ path = {ours:?} }}\n");
    let before = crates(&folder, "");
    let after = crates(&folder, &ours);
    fs::remove_dir_all(&folder).expect("the folder");

    let added: Vec<_> = after.difference(&before).map(String::as_str).collect();
    let names: BTreeSet<_> = added
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let wanted = [
        "otel-instrumentation",
        "otel-middleware-axum",
        "otel-propagation",
        "pin-project",
        "pin-project-internal",
        "syn",
    ];
    assert_eq!(names, BTreeSet::from(wanted), "{added:?}");
    for page in ["README.md", "middleware-axum/README.md"] {
        let page = Page::read(page);
        assert!(page.text.contains("six more crates"), "{:?}", page.path);
    }
}

/// The crates of a service that also depends on this one, with the versions of the workspace.
fn crates(folder: &Path, further: &str) -> BTreeSet<String> {
    let manifest = format!(
        "[workspace]\n[package]\nname = \"service\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [dependencies]\naxum = \"0.8\"\nopentelemetry = \"0.33\"\n{further}"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "no-dev", "--prefix", "none"])
        .current_dir(folder)
        .output()
        .expect("cargo");
    let errors = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{errors}");
    let lines = String::from_utf8(tree.stdout).expect("text");
    lines
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect()
}
