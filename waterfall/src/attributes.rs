//! Attributes, stored so that a million of them fit into memory: repeated names and short values
//! are stored once.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(Arc<str>),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Flag(bool),
    /// A list, a map, bytes or nothing.
    Other(Box<serde_json::Value>),
}

impl Value {
    /// The text, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(_) | Self::Float(_) | Self::Flag(_) | Self::Other(_) => None,
        }
    }

    /// The whole number, if the value is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(_) | Self::Float(_) | Self::Flag(_) | Self::Other(_) => None,
        }
    }

    /// The maximum number of bytes that it takes beside its place in a list.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) if text.len() > LONGEST_KEPT_ONCE => text.len() + ALLOCATION,
            // It is unknown whether the text is shared; most are.
            Self::Text(text) => text.len() / 4,
            Self::Integer(_) | Self::Float(_) | Self::Flag(_) => 0,
            Self::Other(other) => other.to_string().len() * 4 + ALLOCATION,
        }
    }
}

/// Writes texts as they are, and everything else as JSON.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Integer(number) => number.fmt(formatter),
            Self::Float(number) => number.fmt(formatter),
            Self::Flag(flag) => flag.fmt(formatter),
            Self::Other(other) => other.fmt(formatter),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Other(other) => other.serialize(serializer),
        }
    }
}

/// The attributes of a span, an event or a link, in the order of their arrival.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Box<[(Arc<str>, Value)]>);

impl Attributes {
    /// The value with this name. Names are unique; if a sender breaks this, the last one counts.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .rfind(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The text with this name, if the attribute is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// `true` if there is an attribute with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All names and values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn size(&self) -> usize {
        let values = self.0.iter().map(|(_, value)| value.size()).sum::<usize>();
        values + size_of_val(&*self.0) + ALLOCATION
    }
}

impl FromIterator<(Arc<str>, Value)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(attributes: I) -> Self {
        let attributes = attributes.into_iter();
        // Not `collect`, which would keep the larger memory of the source list.
        let mut kept = Vec::with_capacity(attributes.size_hint().0);
        for attribute in attributes {
            kept.push(attribute);
        }
        Self(kept.into_boxed_slice())
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The recent texts, each stored once.
#[derive(Debug, Default)]
pub(crate) struct Texts(HashSet<Arc<str>>);

impl Texts {
    pub(crate) fn keep(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST_KEPT_ONCE {
            return text.into();
        }
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        // A sender with a new id in every span would fill it forever.
        if self.0.len() >= MOST_KEPT {
            self.0.clear();
        }
        let kept: Arc<str> = text.into();
        self.0.insert(kept.clone());
        kept
    }
}

const LONGEST_KEPT_ONCE: usize = 128;
const MOST_KEPT: usize = 20_000;
/// The overhead of an allocation.
const ALLOCATION: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_text_is_kept_once_and_the_number_of_texts_is_bounded() {
        let mut texts = Texts::default();
        let first = texts.keep("http.route");
        assert!(Arc::ptr_eq(&first, &texts.keep("http.route")));
        for number in 0..2 * MOST_KEPT {
            texts.keep(&number.to_string());
        }
        assert!(texts.0.len() <= MOST_KEPT);
    }

    #[test]
    fn last_of_two_attributes_with_one_name_counts() {
        let attributes: Attributes = [("a".into(), Value::from(1)), ("a".into(), Value::from(2))]
            .into_iter()
            .collect();
        assert_eq!(attributes.get("a"), Some(&Value::Integer(2)));
        assert_eq!(attributes.get("b"), None);
    }
}
