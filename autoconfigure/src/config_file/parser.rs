//! Parses the text of a file into a tree: YAML 1.2, with variables substituted in its values.
//!
//! A YAML parser supplies the events. This module accepts what the configuration allows: one
//! document, keys that are texts and occur once, the tags of the core schema. An alias stands for
//! the node of its anchor. YAML 1.2 has no merge keys: `<<` is a key like any other.

use std::collections::HashMap;

use saphyr_parser::Event;
use saphyr_parser::Marker;
use saphyr_parser::Parser;
use saphyr_parser::ScalarStyle;
use saphyr_parser::StrInput;
use saphyr_parser::Tag;

use super::problem::Place;
use super::problem::Problem;
use super::scalar::Scalar;
use super::substitution::Lookup;
use super::substitution::substituted;
use super::tree::Content;
use super::tree::Entry;
use super::tree::Node;

/// The tree of the one document in `text`.
pub(super) fn parsed(text: &str, variable: &Lookup<'_>) -> Result<Node, Problem> {
    let mut parsing = Parsing {
        events: Parser::new_from_str(text),
        variable,
        anchors: HashMap::new(),
        size: 0,
    };
    parsing.document()
}

struct Parsing<'a> {
    events: Parser<'a, StrInput<'a>>,
    variable: &'a Lookup<'a>,
    anchors: HashMap<usize, Node>,
    size: usize,
}

impl<'a> Parsing<'a> {
    fn document(&mut self) -> Result<Node, Problem> {
        let mut document = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, place) => {
                    return document.ok_or(Problem::new(place, "", "the file is empty"));
                }
                (Event::DocumentStart(_), place) if document.is_some() => {
                    let text = "there is a second document in the file; one is expected";
                    return Err(Problem::new(place, "", text));
                }
                (Event::DocumentStart(_), _) => {
                    let (event, place) = self.next()?;
                    document = Some(self.node(event, place, 0)?);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Place), Problem> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, place(&span.start))),
            Some(Err(error)) => {
                let text = format!("not YAML: {}", error.info());
                Err(Problem::new(place(error.marker()), "", text))
            }
            None => Ok((Event::StreamEnd, Place::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Node, Problem> {
        let error = |text: &str| Problem::new(place, "", text);
        if depth > DEEPEST {
            return Err(error("nested too deeply"));
        }
        let (anchor, content) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text = substituted(&text, self.variable).map_err(|text| error(&text))?;
                (
                    anchor,
                    Content::Scalar(scalar(text, style, tag.as_deref(), place)?),
                )
            }
            Event::SequenceStart(anchor, tag) => {
                check(tag.as_deref(), "seq", place)?;
                (anchor, Content::Sequence(self.sequence(depth)?))
            }
            Event::MappingStart(anchor, tag) => {
                check(tag.as_deref(), "map", place)?;
                (anchor, Content::Mapping(self.mapping(depth)?))
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node =
                    node.ok_or_else(|| error("the alias is inside of what it stands for"))?;
                // Aliases of aliases of aliases grow without bound.
                self.grow(node.size(), place)?;
                return Ok(node);
            }
            _ => return Err(error("a value is expected")),
        };
        self.grow(1, place)?;
        let node = Node { place, content };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Vec<Node>, Problem> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(nodes),
                (event, place) => nodes.push(self.node(event, place, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Problem> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            // Keys are not candidates for substitution.
            let (key, place) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries),
                (Event::Scalar(key, ..), place) => (key.into_owned(), place),
                (_, place) => return Err(Problem::new(place, "", "a key has to be a text")),
            };
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let text = format!(
                    "the key `{key}` is here twice, first in line {}",
                    first.place.line
                );
                return Err(Problem::new(place, "", text));
            }
            let (event, value) = self.next()?;
            let mut value = self.node(event, value, depth + 1)?;
            // An empty value has no place of its own.
            if value.is_null() {
                value.place = place;
            }
            entries.push(Entry { key, place, value });
        }
    }

    fn grow(&mut self, by: usize, place: Place) -> Result<(), Problem> {
        self.size += by;
        match self.size > LARGEST {
            true => Err(Problem::new(place, "", "there is too much in this file")),
            false => Ok(()),
        }
    }
}

fn scalar(
    text: String,
    style: ScalarStyle,
    tag: Option<&Tag>,
    place: Place,
) -> Result<Scalar, Problem> {
    match (tag, style) {
        (None, ScalarStyle::Plain) => Ok(Scalar::plain(text)),
        (None, _) => Ok(Scalar::quoted(text)),
        (Some(tag), _) => {
            let suffix = if tag.is_yaml_core_schema() {
                tag.suffix.as_str()
            } else {
                ""
            };
            Scalar::tagged(text, suffix).ok_or_else(|| {
                let text = format!("the value is not what its tag `{}` says", written(tag));
                Problem::new(place, "", text)
            })
        }
    }
}

fn check(tag: Option<&Tag>, expected: &str, place: Place) -> Result<(), Problem> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == expected) => {
            let text = format!("the tag `{}` is not that of the value", written(tag));
            Err(Problem::new(place, "", text))
        }
        _ => Ok(()),
    }
}

/// `!!int`
fn written(tag: &Tag) -> String {
    match tag.is_yaml_core_schema() {
        true => format!("!!{}", tag.suffix),
        false => format!("{}{}", tag.handle, tag.suffix),
    }
}

/// Lines count from one, columns from zero.
fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// No real configuration comes near these limits.
const DEEPEST: usize = 100;
const LARGEST: usize = 100_000;

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
