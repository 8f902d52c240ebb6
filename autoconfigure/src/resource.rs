//! The producer of the telemetry: service, process, host, operating system, SDK.
//!
//! The SDK does not read the two variables as the specification says: it does not decode values,
//! and the `service.name` of the list overrides `OTEL_SERVICE_NAME`. So they are read here.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;

use crate::detected::Detected;
use crate::detected::executable;
use crate::environment::Environment;
use crate::percent;

/// The resource of this process. The application's `attributes` take precedence, then the
/// environment, then `service`, the application's default name, and then the detected attributes.
pub(crate) fn resource(
    environment: &Environment,
    service: Option<String>,
    attributes: Vec<KeyValue>,
    undetected: &[Detected],
) -> Resource {
    let detected = Detected::ALL
        .into_iter()
        .filter(|detected| !undetected.contains(detected))
        .flat_map(|detected| detected.attributes(environment));
    let name = environment
        .text(NAME)
        .map(|name| KeyValue::new(SERVICE_NAME, name));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(detected)
        .with_service_name(service.unwrap_or_else(unknown_service))
        .with_attributes(listed(environment))
        .with_attributes(name)
        .with_attributes(attributes)
        .build()
}

/// `OTEL_RESOURCE_ATTRIBUTES`: `key=value,key=value`, values percent-encoded. The specification
/// requires that the whole list is discarded if any part of it is malformed.
fn listed(environment: &Environment) -> Vec<KeyValue> {
    let Some(list) = environment.text(LIST) else {
        return Vec::new();
    };
    parsed_list(&list).unwrap_or_else(|| {
        let expected = "not a list of key=value with percent-encoded values";
        environment.reject(LIST, &list, expected, "no attributes from it");
        Vec::new()
    })
}

/// `None` if a part of the list is malformed.
pub(crate) fn parsed_list(list: &str) -> Option<Vec<KeyValue>> {
    let members = list.split(',').map(str::trim);
    let members = members.filter(|member| !member.is_empty());
    let attributes = members.map(|member| {
        let (key, value) = member.split_once('=')?;
        let (key, value) = (key.trim(), value.trim());
        let (key, value) = (percent::decoded(key)?, percent::decoded(value)?);
        (!key.is_empty()).then(|| KeyValue::new(key, value))
    });
    attributes.collect()
}

/// The default of the specification.
pub(crate) fn unknown_service() -> String {
    match executable() {
        Some(executable) => format!("unknown_service:{executable}"),
        None => "unknown_service".to_owned(),
    }
}

const NAME: &str = "OTEL_SERVICE_NAME";
const LIST: &str = "OTEL_RESOURCE_ATTRIBUTES";
const SERVICE_NAME: &str = "service.name";

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;
    use crate::environment::tests::environment;
    use crate::environment::tests::said;

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
                &[],
            );
            assert_eq!(value(&resource, SERVICE_NAME).unwrap(), expected);
        }
        let unnamed = resource(&environment(&[]), None, vec![], &[]);
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
        let resource = resource(&environment(&[]), None, vec![], &[]);
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
        let container = usize::from(value(&resource, "container.id").is_some());
        assert_eq!(resource.len(), 10 + container);
    }

    #[test]
    fn what_is_not_wanted_is_left_out_and_what_is_said_comes_first() {
        let said = environment(&[
            (LIST, "k8s.pod.name=said"),
            ("OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "injected"),
            ("OTEL_RESOURCE_ATTRIBUTES_POD_UID", "4f1c"),
        ]);
        let with = resource(&said, None, vec![], &[]);
        assert_eq!(value(&with, "k8s.pod.name").unwrap(), "said");
        assert_eq!(value(&with, "k8s.pod.uid").unwrap(), "4f1c");
        let without = resource(&said, None, vec![], &Detected::ALL);
        assert_eq!(value(&without, "k8s.pod.uid"), None);
        // The name of the service, telemetry.sdk.* and the attributes of the list.
        assert_eq!(without.len(), 5);
    }
}
