//! Who produces the telemetry: service, process, host, operating system, SDK.
//!
//! What the SDK makes of the two variables is not what the specification says: it does not decode
//! values, and the `service.name` of the list beats `OTEL_SERVICE_NAME`. So they are read here.

use std::{env, process};

use opentelemetry::{KeyValue, trace::TraceId};
use opentelemetry_sdk::{
    Resource,
    resource::TelemetryResourceDetector,
    trace::{IdGenerator, RandomIdGenerator},
};

use crate::{environment::Environment, percent};

/// The resource of this process. What the application says itself (`attributes`) comes first,
/// then the environment, then `service`, the application's name for itself, and what is detected.
pub(crate) fn resource(
    environment: &Environment,
    service: Option<String>,
    attributes: Vec<KeyValue>,
) -> Resource {
    let name = environment
        .text(NAME)
        .map(|name| KeyValue::new(SERVICE_NAME, name));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(detected())
        .with_service_name(service.unwrap_or_else(unknown_service))
        .with_attributes(listed(environment))
        .with_attributes(name)
        .with_attributes(attributes)
        .build()
}

/// `OTEL_RESOURCE_ATTRIBUTES`: `key=value,key=value`, values percent-encoded. The specification
/// wants the whole list discarded if any part of it is wrong.
fn listed(environment: &Environment) -> Vec<KeyValue> {
    let Some(list) = environment.text(LIST) else {
        return Vec::new();
    };
    let members = list.split(',').map(str::trim);
    let members = members.filter(|member| !member.is_empty());
    members
        .map(|member| {
            let (key, value) = member.split_once('=')?;
            let (key, value) = (key.trim(), value.trim());
            let (key, value) = (percent::decoded(key)?, percent::decoded(value)?);
            (!key.is_empty()).then(|| KeyValue::new(key, value))
        })
        .collect::<Option<_>>()
        .unwrap_or_else(|| {
            let expected = "not a list of key=value with percent-encoded values";
            environment.reject(LIST, &list, expected, "no attributes from it");
            Vec::new()
        })
}

/// What the process can find out about itself. Not its arguments: they may hold secrets.
fn detected() -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("service.instance.id", instance()),
        KeyValue::new("process.pid", i64::from(process::id())),
        KeyValue::new("host.arch", architecture(env::consts::ARCH)),
        KeyValue::new("os.type", operating_system(env::consts::OS)),
    ];
    if let Ok(host) = gethostname::gethostname().into_string() {
        attributes.push(KeyValue::new("host.name", host));
    }
    if let Some(executable) = executable() {
        attributes.push(KeyValue::new("process.executable.name", executable));
    }
    attributes
}

/// A random UUID: tells the metrics of two processes of one service apart.
fn instance() -> String {
    let random = RandomIdGenerator::default().new_trace_id();
    let version_4 = (u128::from_be_bytes(random.to_bytes()) & !VERSION_MASK) | VERSION_4;
    let hex = TraceId::from_bytes(version_4.to_be_bytes()).to_string();
    let part = |range| hex.get(range).unwrap_or_default();
    let parts = [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ];
    parts.join("-")
}

fn executable() -> Option<String> {
    let path = env::current_exe().ok()?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// The default that the specification prescribes.
fn unknown_service() -> String {
    match executable() {
        Some(executable) => format!("unknown_service:{executable}"),
        None => "unknown_service".to_owned(),
    }
}

/// The names of the semantic conventions for Rust's.
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

const NAME: &str = "OTEL_SERVICE_NAME";
const LIST: &str = "OTEL_RESOURCE_ATTRIBUTES";
const SERVICE_NAME: &str = "service.name";
/// The bits of a UUID that say how it was made (RFC 9562).
const VERSION_MASK: u128 = 0x0000_0000_0000_f000_c000_0000_0000_0000;
const VERSION_4: u128 = 0x0000_0000_0000_4000_8000_0000_0000_0000;

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;
    use crate::environment::tests::{environment, said};

    fn value(resource: &Resource, key: &'static str) -> Option<String> {
        let value = resource.get(&Key::from_static_str(key));
        value.map(|value| value.to_string())
    }

    #[test]
    fn service_is_named_by_the_most_specific_source() {
        let list = "service.name=listed";
        for (variable, list, own, said, expected) in [
            ("named", list, Some("own"), Some("said"), "said"),
            ("named", list, Some("own"), None, "named"),
            ("", list, Some("own"), None, "listed"),
            ("", "", Some("own"), None, "own"),
        ] {
            let environment = environment(&[(NAME, variable), (LIST, list)]);
            let said = said.map(|name| KeyValue::new(SERVICE_NAME, name));
            let resource = resource(
                &environment,
                own.map(str::to_owned),
                said.into_iter().collect(),
            );
            assert_eq!(value(&resource, SERVICE_NAME).unwrap(), expected);
        }
        let unnamed = resource(&environment(&[]), None, vec![]);
        let name = value(&unnamed, SERVICE_NAME).unwrap();
        assert!(
            name.starts_with("unknown_service:otel_autoconfigure-"),
            "{name}"
        );
    }

    #[test]
    fn list_is_decoded_or_discarded() {
        let cases: [(&str, &[(&str, &str)]); 8] = [
            ("a=1,b=2", &[("a", "1"), ("b", "2")]),
            (" a = 1 , b=x%2Cy%20z, ", &[("a", "1"), ("b", "x,y z")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=", &[("a", "")]),
            ("a=1,b", &[]),
            ("a=1,b=%ff", &[]),
            ("a=%zz", &[]),
            ("a=1,b=100%", &[]),
        ];
        for (list, expected) in cases {
            let environment = environment(&[(LIST, list)]);
            let expected: Vec<_> = expected
                .iter()
                .map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(listed(&environment), expected, "{list:?}");
            assert_eq!(said(environment).len(), usize::from(expected.is_empty()));
        }
    }

    #[test]
    fn process_host_system_and_sdk_are_detected() {
        let resource = resource(&environment(&[]), None, vec![]);
        for key in [
            "host.arch",
            "host.name",
            "os.type",
            "process.executable.name",
            "process.pid",
            "service.instance.id",
            "telemetry.sdk.language",
            "telemetry.sdk.name",
            "telemetry.sdk.version",
        ] {
            assert!(
                value(&resource, key).is_some_and(|value| !value.is_empty()),
                "{key}"
            );
        }
        assert_eq!(resource.len(), 10);
    }

    #[test]
    fn instance_is_a_random_uuid() {
        let id = instance();
        assert_ne!(id, instance());
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}
