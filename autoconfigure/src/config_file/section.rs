//! Reads a tree key by key, each value as its expected type.
//!
//! A key that is never read causes a warning, so that a misspelt key is noticed. A key without a
//! value counts as absent, unless its presence is what matters (`console:`).

use std::cell::RefCell;
use std::fmt;

use super::problem::Place;
use super::problem::Problem;
use super::scalar::Kind;
use super::tree::Content;
use super::tree::Entry;
use super::tree::Node;

/// Warnings about a file that is still used.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<Problem>>);

impl Notes {
    /// The problems in the order of the file.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Value<'a> {
    node: &'a Node,
    /// The place of its key, if it has one.
    place: Place,
    path: String,
    notes: &'a Notes,
}

impl<'a> Value<'a> {
    pub(super) fn root(node: &'a Node, notes: &'a Notes) -> Self {
        Self {
            node,
            place: node.place,
            path: String::new(),
            notes,
        }
    }

    /// An error at the value.
    pub(super) fn problem(&self, text: impl fmt::Display) -> Problem {
        Problem::new(self.node.place, self.path.clone(), text)
    }

    /// Adds a warning about the key and everything below it.
    pub(super) fn warn(&self, text: impl fmt::Display) {
        let problem = Problem::new(self.place, self.path.clone(), text);
        self.notes.0.borrow_mut().push(problem);
    }

    /// `otel.yaml:12:9: tracer_provider.sampler`, without the file.
    #[cfg(feature = "tls")]
    pub(super) fn label(&self) -> String {
        let Place { line, column } = self.node.place;
        format!("{line}:{column}: {}", self.path)
    }

    pub(super) fn is_null(&self) -> bool {
        self.node.is_null()
    }

    fn unexpected(&self, expected: &str) -> Problem {
        self.problem(format_args!(
            "{expected} is expected here, not {}",
            self.node.kind()
        ))
    }

    /// Reads a mapping, and warns about the keys that were not read.
    pub(super) fn mapping<T>(
        &self,
        read: impl FnOnce(&mut Section<'a>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let entries = match &self.node.content {
            Content::Mapping(entries) => entries.as_slice(),
            // A mapping without entries.
            _ if self.is_null() => &[],
            _ => return Err(self.unexpected("a mapping")),
        };
        let mut section = Section {
            value: self.clone(),
            entries,
            known: Vec::new(),
        };
        let read = read(&mut section)?;
        section.warn_of_unknown();
        Ok(read)
    }

    /// Checks that nothing below it would be ignored.
    pub(super) fn empty(&self) -> Result<(), Problem> {
        self.mapping(|_| Ok(()))
    }

    /// The single entry of a mapping, whose key chooses one of several kinds.
    pub(super) fn choice(&self) -> Result<(&'a str, Value<'a>), Problem> {
        match &self.node.content {
            Content::Mapping(entries) => match entries.as_slice() {
                [entry] => Ok((entry.key.as_str(), self.below(entry))),
                _ => Err(self.problem(format_args!(
                    "one key is expected here, not {}",
                    entries.len()
                ))),
            },
            _ => Err(self.unexpected("a mapping with one key")),
        }
    }

    /// The members of a list that must not be empty.
    pub(super) fn list(&self) -> Result<Vec<Value<'a>>, Problem> {
        match &self.node.content {
            Content::Sequence(nodes) if nodes.is_empty() => {
                Err(self.problem("the list is empty; leave the key out instead"))
            }
            _ => self.list_or_empty(),
        }
    }

    pub(super) fn list_or_empty(&self) -> Result<Vec<Value<'a>>, Problem> {
        let Content::Sequence(nodes) = &self.node.content else {
            return Err(self.unexpected("a list"));
        };
        let nodes = nodes.iter().enumerate();
        let values = nodes.map(|(index, node)| Value {
            node,
            place: node.place,
            path: format!("{}[{index}]", self.path),
            notes: self.notes,
        });
        Ok(values.collect())
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, Problem> {
        self.list()?.iter().map(Self::text).collect()
    }

    /// A text. Numbers and booleans also count as texts, as they are written: a key of only digits
    /// stays the same if it comes from a variable.
    pub(super) fn text(&self) -> Result<String, Problem> {
        match &self.node.content {
            Content::Scalar(scalar) if scalar.kind != Kind::Null => Ok(scalar.text.clone()),
            _ => Err(self.unexpected("a text")),
        }
    }

    pub(super) fn bool(&self) -> Result<bool, Problem> {
        match self.scalar() {
            Some(Kind::Bool(value)) => Ok(value),
            _ => Err(self.unexpected("true or false")),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, Problem> {
        match self.scalar() {
            Some(Kind::Integer(value)) => Ok(value),
            _ => Err(self.unexpected("an integer")),
        }
    }

    pub(super) fn number(&self) -> Result<f64, Problem> {
        match self.scalar() {
            #[expect(clippy::cast_precision_loss, reason = "a number is asked for")]
            Some(Kind::Integer(value)) => Ok(value as f64),
            Some(Kind::Float(value)) => Ok(value),
            _ => Err(self.unexpected("a number")),
        }
    }

    /// An integer of at least `least` and at most `u32::MAX`.
    pub(super) fn count(&self, least: u32) -> Result<u32, Problem> {
        let value = self.integer()?;
        let value = u32::try_from(value).ok().filter(|value| *value >= least);
        value.ok_or_else(|| {
            self.problem(format_args!(
                "an integer from {least} to {} is expected",
                u32::MAX
            ))
        })
    }

    /// The value in `choices` for the text.
    pub(super) fn one_of<T: Clone>(&self, choices: &[(&str, T)]) -> Result<T, Problem> {
        let text = self.text()?;
        let chosen = choices.iter().find(|(known, _)| *known == text);
        chosen.map(|(_, chosen)| chosen.clone()).ok_or_else(|| {
            let known: Vec<_> = choices.iter().map(|(known, _)| *known).collect();
            self.problem(format_args!("`{text}` is none of {}", known.join(", ")))
        })
    }

    fn scalar(&self) -> Option<Kind> {
        match &self.node.content {
            Content::Scalar(scalar) => Some(scalar.kind),
            _ => None,
        }
    }

    fn below(&self, entry: &'a Entry) -> Value<'a> {
        Value {
            node: &entry.value,
            place: entry.place,
            path: joined(&self.path, &entry.key),
            notes: self.notes,
        }
    }
}

/// A mapping that is being read.
#[derive(Debug)]
pub(super) struct Section<'a> {
    value: Value<'a>,
    entries: &'a [Entry],
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The value under the key. It may be null.
    pub(super) fn present(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(self.value.below(entry))
    }

    /// The value under the key. `None` if it is absent or null.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.present(key).filter(|value| !value.is_null())
    }

    /// The value under a required key.
    pub(super) fn required(&mut self, key: &'static str) -> Result<Value<'a>, Problem> {
        let missing = self.value.problem(format_args!("`{key}` is missing"));
        self.get(key).ok_or(missing)
    }

    /// The value under the key, read by `read`.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value<'a>) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        self.get(key).map(|value| read(&value)).transpose()
    }

    /// Warns that a part has no effect here, if it is not empty.
    pub(super) fn unsupported(&mut self, key: &'static str, why: &str) {
        if let Some(value) = self.get(key) {
            value.warn(format_args!("not supported, {why}"));
        }
    }

    /// An error at the mapping as a whole.
    pub(super) fn problem(&self, text: impl fmt::Display) -> Problem {
        self.value.problem(text)
    }

    fn warn_of_unknown(&self) {
        for entry in self.entries {
            if !self.known.contains(&entry.key.as_str()) {
                let known = match self.known.as_slice() {
                    [] => "no key is expected here".to_owned(),
                    known => format!("known here: {}", known.join(", ")),
                };
                self.value.below(entry).warn(format_args!(
                    "this key is not known, and has no effect ({known})"
                ));
            }
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

#[cfg(test)]
#[path = "section_tests.rs"]
mod tests;
