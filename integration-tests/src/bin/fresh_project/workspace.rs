//! The projects: one for each README, with the dependencies that it names. They are one workspace,
//! so that what they share is built once.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::one_liners;
use crate::page::root;
use crate::programs::Programs;

/// A folder with projects, which is removed on drop.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: PathBuf,
    target: PathBuf,
}

impl Workspace {
    pub(crate) fn create(programs: &Programs) -> Self {
        let folder = env::temp_dir().join(format!("otel-fresh-project-{}", std::process::id()));
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| root().join("target"));
        let workspace = Self { folder, target };
        let mut members = vec!["one-liners".to_owned()];
        workspace.write("one-liners/Cargo.toml", &one_liners::manifest());
        workspace.write("one-liners/src/main.rs", &one_liners::code());
        for program in programs.iter() {
            let name = program.name;
            workspace.write(&format!("{name}/Cargo.toml"), &program.manifest());
            workspace.write(&format!("{name}/src/main.rs"), &program.code());
            if let Some(test) = &program.test {
                workspace.write(&format!("{name}/tests/test_it.rs"), test);
            }
            members.push(name.to_owned());
        }
        workspace.write("Cargo.toml", &manifest(&members));
        fs::copy(
            root().join("Cargo.lock"),
            workspace.folder.join("Cargo.lock"),
        )
        .expect("a lock");
        workspace
    }

    pub(crate) fn build(&self) {
        self.cargo(&["build", "--workspace"]);
    }

    /// The tests of the READMEs.
    pub(crate) fn test(&self) {
        self.cargo(&["test", "--workspace", "--tests"]);
    }

    /// Starts a program that writes its spans to standard output.
    pub(crate) fn start(&self, name: &str) -> Command {
        let mut command = Command::new(self.target.join("debug").join(name));
        command
            .env("OTEL_TRACES_EXPORTER", "console")
            .env("OTEL_METRICS_EXPORTER", "none")
            .env("OTEL_LOGS_EXPORTER", "none")
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
            .env_remove("RUST_LOG")
            // Where the program may create its database.
            .current_dir(self.folder.join(name))
            .stdout(Stdio::piped());
        command
    }

    fn cargo(&self, arguments: &[&str]) {
        // A version that is not in the registry's cache would be one that nobody has tested.
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .arg("--offline")
            .env("CARGO_TARGET_DIR", &self.target)
            .current_dir(&self.folder)
            .status()
            .expect("cargo");
        assert!(status.success(), "cargo {arguments:?}");
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // If it cannot be removed, only a few files are left behind.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The workspace, in which our crates are those of the repository, not those of the registry. The
/// profiles are the repository's, so that dependencies need not be built again.
fn manifest(members: &[String]) -> String {
    let ours =
        OURS.map(|(name, folder)| format!("{name} = {{ path = {:?} }}\n", root().join(folder)));
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[patch.crates-io]\n{}\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n\
         [profile.dev.package.\"*\"]\ndebug = false\n",
        ours.concat()
    )
}

const OURS: [(&str, &str); 12] = [
    ("otel-autoconfigure", "autoconfigure"),
    ("otel-instrumentation", "instrumentation"),
    ("otel-middleware-actix", "middleware-actix"),
    ("otel-middleware-axum", "middleware-axum"),
    ("otel-middleware-diesel", "middleware-diesel"),
    ("otel-middleware-kafka", "middleware-kafka"),
    ("otel-middleware-reqwest", "middleware-reqwest"),
    ("otel-middleware-sqlx", "middleware-sqlx"),
    ("otel-middleware-tonic", "middleware-tonic"),
    ("otel-otlp-exporter", "otlp"),
    ("otel-propagation", "propagation"),
    ("otel-tracing-bridge", "tracing-bridge"),
];
