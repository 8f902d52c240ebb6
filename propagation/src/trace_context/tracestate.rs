//! The `tracestate` header: one ordered list over all its lines, valid as a whole or not at all.
//!
//! See <https://www.w3.org/TR/trace-context-2/#tracestate-header>. Level 2 has a single rule for
//! keys where Level 1, which opentelemetry's [`TraceState`] follows, knows tenants and systems.

use opentelemetry::trace::TraceState;

use crate::whitespace;

/// A list that arrived, in the form the API can hold and, where that is not all of it, as text.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) trace_state: TraceState,
    pub(super) raw: Option<RawTraceState>,
}

impl Parsed {
    /// Reads all header lines as one list; an invalid list is an empty one.
    pub(super) fn from_lines(lines: &[&str]) -> Self {
        let Some(text_length) = validate(lines) else {
            return Self::default();
        };
        match TraceState::from_key_value(pairs(lines)) {
            Ok(trace_state) => Self {
                trace_state,
                raw: None,
            },
            Err(_) => {
                let raw = RawTraceState::new(lines, text_length);
                Self {
                    trace_state: raw.representable.clone(),
                    raw: Some(raw),
                }
            }
        }
    }
}

/// A valid list with keys that opentelemetry's [`TraceState`] refuses.
#[derive(Debug)]
pub(super) struct RawTraceState {
    text: String,
    /// The members that the API accepts: what samplers and exporters get to see.
    representable: TraceState,
}

impl RawTraceState {
    /// The text to forward, unless somebody (a sampler) made `current` out of the incoming list.
    pub(super) fn text_unless_changed(&self, current: &TraceState) -> Option<&str> {
        // Member by member: `TraceState` tells an emptied list from one that never was.
        current
            .into_iter()
            .eq(&self.representable)
            .then_some(self.text.as_str())
    }

    fn new(lines: &[&str], text_length: usize) -> Self {
        let mut text = String::with_capacity(text_length);
        for member in members(lines) {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(member);
        }
        // The API itself is asked about each member, so that its rules are not repeated here.
        let accepted = pairs(lines).filter(|pair| TraceState::from_key_value([*pair]).is_ok());
        Self {
            text,
            representable: TraceState::from_key_value(accepted).unwrap_or_default(),
        }
    }
}

/// Writes the members that are legal on the wire; the API is laxer about values.
pub(super) fn header(trace_state: &TraceState) -> String {
    let members = || {
        trace_state
            .into_iter()
            .filter(|(key, value)| is_key(key) && is_value(value))
    };
    let length: usize = members()
        .map(|(key, value)| key.len() + value.len() + 2)
        .sum();
    let mut header = String::with_capacity(length.saturating_sub(1));
    for (key, value) in members() {
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(key);
        header.push('=');
        header.push_str(value);
    }
    header
}

/// The length of the list written as one line, or `None` if any of it breaks a rule.
fn validate(lines: &[&str]) -> Option<usize> {
    let mut count = 0;
    let mut length = 0;
    for member in members(lines) {
        count += 1;
        length += member.len() + 1;
        let (key, value) = member.split_once('=')?;
        if count > MAX_MEMBERS || !is_key(key) || !is_value(value) {
            return None;
        }
    }
    Some(length.saturating_sub(1))
}

fn pairs<'a>(lines: &[&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    members(lines).filter_map(|member| member.split_once('='))
}

/// The list members of all lines in order; empty ones are legal and mean nothing.
fn members<'a>(lines: &[&'a str]) -> impl Iterator<Item = &'a str> {
    lines
        .iter()
        .flat_map(|line| line.split(','))
        .map(whitespace::trim)
        .filter(|member| !member.is_empty())
}

fn is_key(key: &str) -> bool {
    key.len() <= MAX_KEY_LENGTH
        && key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.bytes().all(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@'),
        )
}

fn is_value(value: &str) -> bool {
    (1..=MAX_VALUE_LENGTH).contains(&value.len())
        && !value.ends_with(' ')
        && value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=')
}

const MAX_MEMBERS: usize = 32;
const MAX_KEY_LENGTH: usize = 256;
const MAX_VALUE_LENGTH: usize = 256;
