//! The one line for each framework at the top of the README, each around a service that is called
//! once.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::page::{block, read};
use crate::programs::Running;
use crate::workspace::Workspace;

/// The dependencies that the READMEs name, and those of the test itself.
pub(crate) fn manifest() -> String {
    let mut dependencies = BTreeMap::new();
    for name in ["actix", "axum", "reqwest", "tonic"] {
        let page = read(&format!("middleware-{name}/README.md"));
        let section = block(&page, "toml", "[dependencies]");
        for line in section.lines().filter(|line| line.contains(" = ")) {
            let (name, _) = line.split_once(" = ").expect("a dependency");
            dependencies.insert(name.to_owned(), line.to_owned());
        }
    }
    for line in [
        "tokio = { version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }",
        "tower = { version = \"0.5\", features = [\"util\"] }",
    ] {
        let (name, _) = line.split_once(" = ").expect("a dependency");
        dependencies.insert(name.to_owned(), line.to_owned());
    }
    let lines: Vec<_> = dependencies.into_values().collect();
    format!(
        "[package]\nname = \"one-liners\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{}\n",
        lines.join("\n")
    )
}

/// The lines, each in its function of the program below.
pub(crate) fn code() -> String {
    let lines = block(&read("README.md"), "rust", "// axum\n");
    let mut code = include_str!("one_liners_program.txt").to_owned();
    let mut count = 0;
    for part in lines.split("\n\n") {
        let (title, lines) = part.split_once('\n').expect("a title and its lines");
        let place = format!("{title}\n");
        assert!(code.contains(&place), "no place for {title:?}");
        code = code.replace(&place, &format!("{title}\n{lines}\n"));
        count += 1;
    }
    assert_eq!(count, 5, "{lines}");
    code
}

/// Each line makes its span.
pub(crate) fn run(workspace: &Workspace) {
    let running = Running::start(&mut workspace.start("one-liners"));
    let mut names = Vec::new();
    while let Ok(name) = running.spans.recv_timeout(Duration::from_secs(60)) {
        names.push(name);
    }
    names.sort();
    let call = "grpc.health.v1.Health/Check";
    let route = "GET /users/{id}";
    assert_eq!(names, ["GET", "GET", route, route, call, call]);
    println!("the lines of the README show {names:?}");
}
