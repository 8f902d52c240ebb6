//! From header lines to [`Baggage`].

use std::borrow::Cow;

use opentelemetry::baggage::Baggage;
use percent_encoding::percent_decode_str;

use super::{MAX_BYTES, MAX_MEMBERS};
use crate::whitespace;

/// Reads all lines as one list.
///
/// The work is linear in what came in and the result bounded by the limits, so the API's own, which
/// drop entries one by one on decoded lengths, are never met.
pub(super) fn baggage(lines: &[&str]) -> Baggage {
    let mut baggage = Baggage::new();
    let mut count = 0;
    let mut bytes = 0;
    for text in lines.iter().flat_map(|line| line.split(',')) {
        let text = whitespace::trim(text);
        let Some(member) = Member::parse(text) else {
            continue;
        };
        // The comma in front of every member but the first counts too.
        let length = text.len() + usize::from(count > 0);
        if bytes + length > MAX_BYTES {
            continue;
        }
        bytes += length;
        count += 1;
        baggage.insert_with_metadata(
            member.key.to_owned(),
            member.value().into_owned(),
            member.properties,
        );
        if count == MAX_MEMBERS {
            break;
        }
    }
    baggage
}

/// One list member, as it stands in the header.
#[derive(Debug)]
struct Member<'a> {
    key: &'a str,
    encoded_value: &'a str,
    properties: &'a str,
}

impl<'a> Member<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (pair, properties) = text.split_once(';').unwrap_or((text, ""));
        // Only the first `=` separates: the rest belong to the value.
        let (key, value) = pair.split_once('=')?;
        let member = Self {
            key: whitespace::trim(key),
            encoded_value: whitespace::trim(value),
            properties: properties.trim_matches([';', ' ', '\t']),
        };
        (is_token(member.key) && is_value(member.encoded_value)).then_some(member)
    }

    fn value(&self) -> Cow<'a, str> {
        percent_decode_str(self.encoded_value).decode_utf8_lossy()
    }
}

/// A token of RFC 9110: what keys are made of.
fn is_token(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The `baggage-octet`s: printable ASCII without space, `"`, `,`, `;` and `\`.
///
/// A `%` that no two digits follow is legal and stands for itself.
fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}
