//! The conditions of a rule.

use opentelemetry::Array;
use opentelemetry::Key;
use opentelemetry::Value;
use opentelemetry::trace::SpanKind;

use super::start::Parent;
use super::start::Start;
use crate::pattern::Patterns;

/// Conditions, all of which must hold. Without conditions, the rule always holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// The attribute has one of these values.
    pub(crate) values: Option<(Key, Vec<String>)>,
    /// The attribute has a value that the patterns select.
    pub(crate) patterns: Option<(Key, Patterns)>,
    pub(crate) kinds: Option<Vec<SpanKind>>,
    pub(crate) parents: Option<Vec<Parent>>,
}

impl Rule {
    pub(super) fn holds(&self, start: &Start<'_>) -> bool {
        let kinds = self.kinds.as_ref();
        let parents = self.parents.as_ref();
        kinds.is_none_or(|kinds| kinds.contains(start.kind))
            && parents.is_none_or(|parents| parents.contains(&Parent::of(start)))
            && self.values.as_ref().is_none_or(|(key, values)| {
                has(start, key, |text| values.iter().any(|value| value == text))
            })
            && self
                .patterns
                .as_ref()
                .is_none_or(|(key, patterns)| has(start, key, |text| patterns.select(text)))
    }
}

/// Whether the attribute exists and its text, or the text of one of its members, is accepted.
fn has(start: &Start<'_>, key: &Key, accepts: impl Fn(&str) -> bool) -> bool {
    let mut attributes = start.attributes.iter();
    let Some(attribute) = attributes.find(|attribute| attribute.key == *key) else {
        return false;
    };
    match &attribute.value {
        Value::Array(Array::String(texts)) => texts.iter().any(|text| accepts(text.as_str())),
        Value::Array(Array::Bool(values)) => values.iter().any(|it| accepts(&it.to_string())),
        Value::Array(Array::I64(values)) => values.iter().any(|it| accepts(&it.to_string())),
        Value::Array(Array::F64(values)) => values.iter().any(|it| accepts(&it.to_string())),
        value => accepts(&value.as_str()),
    }
}
