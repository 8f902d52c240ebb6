//! `resource`: the producer of the telemetry.

use opentelemetry::Array;
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;

use super::problem::Problem;
use super::sampler::patterns;
use super::section::Section;
use super::section::Value;
use crate::detected::Detected;
use crate::environment::Environment;
use crate::pattern::Patterns;
use crate::resource::parsed_list;
use crate::resource::unknown_service;

/// The resource in the file. Only the detectors that the file names run.
#[derive(Debug, Default)]
pub(super) struct ResourcePlan {
    detected: Vec<Detected>,
    /// The detector `service` takes its name from the variable.
    has_service: bool,
    selected: Patterns,
    listed: Vec<KeyValue>,
    attributes: Vec<KeyValue>,
    schema_url: Option<String>,
}

impl ResourcePlan {
    pub(super) fn read(section: &mut Section<'_>) -> Result<Self, Problem> {
        let mut plan = Self::default();
        if let Some(attributes) = section.get("attributes") {
            for member in attributes.list()? {
                plan.attributes.extend(member.mapping(attribute)?);
            }
        }
        if let Some(list) = section.get("attributes_list") {
            match parsed_list(&list.text()?) {
                Some(listed) => plan.listed = listed,
                None => list.warn(
                    "not a list of key=value with percent-encoded values; using no attributes \
                     from it",
                ),
            }
        }
        if let Some(detection) = section.get("detection/development") {
            detection.mapping(|section| plan.detection(section))?;
        }
        plan.schema_url = section.read("schema_url", Value::text)?;
        Ok(plan)
    }

    fn detection(&mut self, section: &mut Section<'_>) -> Result<(), Problem> {
        if let Some(selected) = section.get("attributes") {
            self.selected = selected.mapping(patterns)?;
        }
        for member in section.read("detectors", Value::list)?.unwrap_or_default() {
            let (name, value) = member.choice()?;
            let detected: &[Detected] = match name {
                "container" => &[Detected::Container],
                "host" => &[Detected::Host, Detected::OperatingSystem],
                "process" => &[Detected::Process],
                "service" => {
                    self.has_service = true;
                    &[Detected::Instance]
                }
                // An extension of ours.
                "kubernetes" => &[Detected::Kubernetes],
                _ => {
                    value.warn(
                        "this detector is not known, and finds nothing (known here: container, \
                         host, kubernetes, process, service)",
                    );
                    continue;
                }
            };
            value.empty()?;
            self.detected.extend(detected);
        }
        Ok(())
    }

    /// Whether the variable applies without being referred to.
    pub(super) fn reads(&self, variable: &str) -> bool {
        match variable {
            "OTEL_SERVICE_NAME" => self.has_service,
            _ => {
                variable.starts_with("OTEL_RESOURCE_ATTRIBUTES_")
                    && self.detected.contains(&Detected::Kubernetes)
            }
        }
    }

    /// The resource of this process. The application's `attributes` take precedence, then the file,
    /// then `service`, the application's default name, and then the detected attributes.
    pub(super) fn resource(
        self,
        variables: &Environment,
        service: Option<String>,
        attributes: Vec<KeyValue>,
        undetected: &[Detected],
    ) -> Resource {
        let detected = self.detected.iter();
        let detected = detected.filter(|detected| !undetected.contains(detected));
        let detected = detected.flat_map(|detected| detected.attributes(variables));
        let name = variables.text("OTEL_SERVICE_NAME");
        let name = name.filter(|_| self.has_service);
        let name = name.map(|name| KeyValue::new("service.name", name));
        let is_selected = |attribute: &KeyValue| self.selected.select(attribute.key.as_str());
        let builder = Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_service_name(service.unwrap_or_else(unknown_service))
            .with_attributes(detected.chain(name).filter(is_selected))
            .with_attributes(self.listed)
            .with_attributes(self.attributes)
            .with_attributes(attributes);
        match self.schema_url {
            Some(url) => builder.with_schema_url([], url).build(),
            None => builder.build(),
        }
    }
}

/// `None` for an attribute without a value.
fn attribute(section: &mut Section<'_>) -> Result<Option<KeyValue>, Problem> {
    let name = section.required("name")?.text()?;
    let kind = section.read("type", |value| value.one_of(&TYPES))?;
    let Some(value) = section.get("value") else {
        return Ok(None);
    };
    let value: opentelemetry::Value = match kind.unwrap_or(Type::String) {
        Type::String => value.text()?.into(),
        Type::Bool => value.bool()?.into(),
        Type::Int => value.integer()?.into(),
        Type::Double => value.number()?.into(),
        Type::Strings => {
            let texts = value.texts()?.into_iter();
            opentelemetry::Value::Array(Array::String(texts.map(Into::into).collect()))
        }
        Type::Bools => opentelemetry::Value::Array(Array::Bool(each(&value, Value::bool)?)),
        Type::Ints => opentelemetry::Value::Array(Array::I64(each(&value, Value::integer)?)),
        Type::Doubles => opentelemetry::Value::Array(Array::F64(each(&value, Value::number)?)),
    };
    Ok(Some(KeyValue::new(name, value)))
}

fn each<'a, T>(
    value: &Value<'a>,
    read: impl Fn(&Value<'a>) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    value.list()?.iter().map(read).collect()
}

#[derive(Clone, Copy)]
enum Type {
    String,
    Bool,
    Int,
    Double,
    Strings,
    Bools,
    Ints,
    Doubles,
}

const TYPES: [(&str, Type); 8] = [
    ("string", Type::String),
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("double", Type::Double),
    ("string_array", Type::Strings),
    ("bool_array", Type::Bools),
    ("int_array", Type::Ints),
    ("double_array", Type::Doubles),
];
