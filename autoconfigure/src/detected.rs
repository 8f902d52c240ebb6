//! What a process can detect about itself. Not its arguments: they may hold secrets.

use std::env;
use std::process;

use opentelemetry::KeyValue;
use uuid::Uuid;

use crate::container::container_id;
use crate::environment::Environment;

/// A part of the resource that is detected. By default all parts are detected; see
/// [`Builder::without_detected`](crate::Builder::without_detected).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detected {
    /// `service.instance.id`, a random UUID: it distinguishes the metrics of two processes of one
    /// service.
    Instance,
    /// `process.pid` and `process.executable.name`.
    Process,
    /// `host.name` and `host.arch`.
    Host,
    /// `os.type`.
    OperatingSystem,
    /// `container.id`, from the control groups of the process.
    Container,
    /// `k8s.pod.name`, `k8s.pod.uid`, `k8s.node.name`, `k8s.namespace.name`, from the variables
    /// that the OpenTelemetry Operator injects: `OTEL_RESOURCE_ATTRIBUTES_POD_NAME` and so on.
    Kubernetes,
}

impl Detected {
    pub(crate) const ALL: [Self; 6] = [
        Self::Instance,
        Self::Process,
        Self::Host,
        Self::OperatingSystem,
        Self::Container,
        Self::Kubernetes,
    ];

    pub(crate) fn attributes(self, environment: &Environment) -> Vec<KeyValue> {
        let known = |key, value: Option<String>| Some(KeyValue::new(key, value?));
        let attributes = match self {
            Self::Instance => vec![known(
                "service.instance.id",
                Some(Uuid::new_v4().to_string()),
            )],
            Self::Process => vec![
                Some(KeyValue::new("process.pid", i64::from(process::id()))),
                known("process.executable.name", executable()),
            ],
            Self::Host => vec![
                known("host.name", gethostname::gethostname().into_string().ok()),
                Some(KeyValue::new("host.arch", architecture(env::consts::ARCH))),
            ],
            Self::OperatingSystem => {
                vec![Some(KeyValue::new(
                    "os.type",
                    operating_system(env::consts::OS),
                ))]
            }
            Self::Container => vec![known("container.id", container_id())],
            Self::Kubernetes => {
                let injected = INJECTED.iter();
                let injected = injected.map(|(name, key)| known(*key, environment.text(name)));
                injected.collect()
            }
        };
        attributes.into_iter().flatten().collect()
    }
}

/// The file name of the program.
pub(crate) fn executable() -> Option<String> {
    let path = env::current_exe().ok()?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// The name in the semantic conventions for Rust's name of an architecture.
fn architecture(name: &'static str) -> &'static str {
    match name {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

fn operating_system(name: &'static str) -> &'static str {
    match name {
        "macos" | "ios" => "darwin",
        "dragonfly" => "dragonflybsd",
        other => other,
    }
}

const INJECTED: [(&str, &str); 4] = [
    ("OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "k8s.pod.name"),
    ("OTEL_RESOURCE_ATTRIBUTES_POD_UID", "k8s.pod.uid"),
    ("OTEL_RESOURCE_ATTRIBUTES_NODE_NAME", "k8s.node.name"),
    (
        "OTEL_RESOURCE_ATTRIBUTES_NAMESPACE_NAME",
        "k8s.namespace.name",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;

    fn keys(detected: Detected, environment: &Environment) -> Vec<String> {
        let attributes = detected.attributes(environment).into_iter();
        attributes
            .inspect(|attribute| assert!(!attribute.value.to_string().is_empty()))
            .map(|attribute| attribute.key.to_string())
            .collect()
    }

    #[test]
    fn every_part_has_its_attributes() {
        let empty = environment(&[]);
        for (detected, expected) in [
            (Detected::Instance, &["service.instance.id"][..]),
            (
                Detected::Process,
                &["process.pid", "process.executable.name"],
            ),
            (Detected::Host, &["host.name", "host.arch"]),
            (Detected::OperatingSystem, &["os.type"]),
            (Detected::Kubernetes, &[]),
        ] {
            assert_eq!(keys(detected, &empty), expected);
        }
        let pod = environment(&[
            ("OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "orders-7f"),
            ("OTEL_RESOURCE_ATTRIBUTES_NODE_NAME", "node-1"),
        ]);
        assert_eq!(
            keys(Detected::Kubernetes, &pod),
            ["k8s.pod.name", "k8s.node.name"]
        );
    }

    #[test]
    fn instance_is_a_random_uuid() {
        let id = || {
            Detected::Instance
                .attributes(&environment(&[]))
                .remove(0)
                .value
                .to_string()
        };
        assert_ne!(id(), id());
        assert_eq!(Uuid::parse_str(&id()).unwrap().get_version_num(), 4);
    }
}
