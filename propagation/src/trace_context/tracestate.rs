//! The `tracestate` header: one ordered list over all its lines, valid as a whole or not at all.
//!
//! See <https://www.w3.org/TR/trace-context-2/#tracestate-header>. Level 2 has a single rule for
//! keys. Level 1, which opentelemetry's [`TraceState`] follows, distinguishes tenants and systems.

use opentelemetry::trace::TraceState;

use crate::whitespace;

/// A received list, as the API can hold it and, if that is not all of it, also as text.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) trace_state: TraceState,
    pub(super) raw: Option<RawTraceState>,
}

impl Parsed {
    /// Reads all header lines as one list; an invalid list counts as empty.
    ///
    /// This takes one pass if the API can hold the whole list.
    pub(super) fn from_lines(lines: &[&str]) -> Self {
        let mut members = members(lines);
        let mut is_valid = true;
        let pairs = members.by_ref().map_while(|member| {
            is_valid = member.is_some();
            member
        });
        match TraceState::from_key_value(pairs) {
            // The API takes as many members as are allowed and leaves the rest in the iterator.
            Ok(trace_state) if is_valid && members.next().is_none() => Self {
                trace_state,
                raw: None,
            },
            Ok(_) => Self::default(),
            Err(_) => Self::from_level_2(lines),
        }
    }

    fn from_level_2(lines: &[&str]) -> Self {
        let Some(text_length) = validate(lines) else {
            return Self::default();
        };
        let raw = RawTraceState::new(lines, text_length);
        Self {
            trace_state: raw.representable.clone(),
            raw: Some(raw),
        }
    }
}

/// A valid list with keys that opentelemetry's [`TraceState`] refuses.
#[derive(Debug)]
pub(super) struct RawTraceState {
    text: String,
    /// The members that the API accepts; samplers and exporters see these.
    representable: TraceState,
}

impl RawTraceState {
    /// The text to forward; `None` if a sampler, for instance, changed the list into `current`.
    pub(super) fn text_unless_changed(&self, current: &TraceState) -> Option<&str> {
        // Compares member by member, because `TraceState` distinguishes an emptied list from an
        // absent one.
        current
            .into_iter()
            .eq(&self.representable)
            .then_some(self.text.as_str())
    }

    fn new(lines: &[&str], text_length: usize) -> Self {
        let mut text = String::with_capacity(text_length);
        for (key, value) in members(lines).flatten() {
            push(&mut text, key, value);
        }
        // The API itself checks each member, so that its rules are not repeated here.
        let accepted = members(lines)
            .flatten()
            .filter(|member| TraceState::from_key_value([*member]).is_ok());
        Self {
            text,
            representable: TraceState::from_key_value(accepted).unwrap_or_default(),
        }
    }
}

/// Writes the members that are legal on the wire; the API is laxer about values.
pub(super) fn header(trace_state: &TraceState) -> String {
    let length: usize = trace_state
        .into_iter()
        .map(|(key, value)| key.len() + value.len() + 2)
        .sum();
    let mut header = String::with_capacity(length.saturating_sub(1));
    for (key, value) in trace_state {
        if is_key(key) && is_value(value) {
            push(&mut header, key, value);
        }
    }
    header
}

fn push(list: &mut String, key: &str, value: &str) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(key);
    list.push('=');
    list.push_str(value);
}

/// The length of the list written as one line, or `None` if any of it breaks a rule.
fn validate(lines: &[&str]) -> Option<usize> {
    let mut count = 0;
    let mut length = 0;
    for member in members(lines) {
        let (key, value) = member?;
        count += 1;
        length += key.len() + value.len() + 2;
        if count > MAX_MEMBERS {
            return None;
        }
    }
    Some(length.saturating_sub(1))
}

/// Key and value of the list members of all lines in order; `None` for one that breaks a rule.
/// Empty members are legal and mean nothing.
fn members<'a>(lines: &[&'a str]) -> impl Iterator<Item = Option<(&'a str, &'a str)>> {
    let mut lines = lines.iter();
    let mut rest = "";
    std::iter::from_fn(move || {
        let text = loop {
            let start = rest
                .bytes()
                .position(|byte| !matches!(byte, b',' | b' ' | b'\t'));
            match start.and_then(|start| rest.get(start..)) {
                Some(text) => break text,
                None => rest = lines.next()?,
            }
        };
        let read = member(text);
        rest = read.map_or("", |(_, rest)| rest);
        Some(read.map(|(member, _)| member))
    })
}

/// The member that `text` begins with, and the rest of the text. Every byte is read once.
fn member(text: &str) -> Option<((&str, &str), &str)> {
    let (key, rest) = split_after(text, KEY)?;
    let (value, rest) = split_after(rest.strip_prefix('=')?, VALUE)?;
    // Spaces belong to a value, but not at its end, where they are optional whitespace.
    let value = value.trim_end_matches(' ');
    let rest = whitespace::trim_start(rest);
    let is_member = (rest.is_empty() || rest.starts_with(','))
        && is_start_of_key(key)
        && key.len() <= MAX_KEY_LENGTH
        && (1..=MAX_VALUE_LENGTH).contains(&value.len());
    is_member.then_some(((key, value), rest))
}

/// Splits `text` behind its leading bytes of a class.
fn split_after(text: &str, class: u8) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| !is_in(byte, class));
    text.split_at_checked(end.unwrap_or(text.len()))
}

fn is_key(key: &str) -> bool {
    is_start_of_key(key) && key.len() <= MAX_KEY_LENGTH && key.bytes().all(|byte| is_in(byte, KEY))
}

fn is_start_of_key(key: &str) -> bool {
    key.bytes()
        .next()
        .is_some_and(|byte| is_in(byte, KEY_START))
}

fn is_value(value: &str) -> bool {
    (1..=MAX_VALUE_LENGTH).contains(&value.len())
        && !value.ends_with(' ')
        && value.bytes().all(|byte| is_in(byte, VALUE))
}

fn is_in(byte: u8, class: u8) -> bool {
    let classes = CLASSES.get(usize::from(byte));
    classes.is_some_and(|classes| classes & class != 0)
}

/// The classes of each byte. A look-up costs a third of the comparisons.
#[allow(
    clippy::indexing_slicing,
    reason = "while compiling, where the index is seen to fit"
)]
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'0'..=b'9' => KEY_START | KEY | VALUE,
            b'_' | b'-' | b'*' | b'/' | b'@' => KEY | VALUE,
            b',' | b'=' => 0,
            _ => VALUE,
        };
        byte += 1;
    }
    classes
};
const KEY_START: u8 = 1;
const KEY: u8 = 2;
const VALUE: u8 = 4;

const MAX_MEMBERS: usize = 32;
const MAX_KEY_LENGTH: usize = 256;
const MAX_VALUE_LENGTH: usize = 256;

#[cfg(test)]
mod tests;
