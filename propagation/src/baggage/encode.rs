//! From [`Baggage`] to one header line.

use opentelemetry::{Key, StringValue, baggage::Baggage, baggage::BaggageMetadata};
use percent_encoding::{AsciiSet, CONTROLS, PercentEncode, utf8_percent_encode};

use super::MAX_BYTES;

/// Writes the members sorted by key, so that the same baggage always gives the same header.
///
/// The API keeps the number of members within the limit, but encoding can triple their length.
pub(super) fn header(baggage: &Baggage) -> String {
    let mut members: Vec<Member<'_>> = baggage.iter().map(Member::new).collect();
    members.sort_unstable_by_key(|member| member.key);

    let mut length = 0;
    members.retain(|member| {
        let extended = length + usize::from(length > 0) + member.length();
        let fits = extended <= MAX_BYTES;
        if fits {
            length = extended;
        }
        fits
    });

    let mut header = String::with_capacity(length);
    for member in members {
        if !header.is_empty() {
            header.push(',');
        }
        member.write(&mut header);
    }
    header
}

/// One member, encoded only while it is measured and written.
#[derive(Debug)]
struct Member<'a> {
    key: &'a str,
    value: PercentEncode<'a>,
    properties: Option<PercentEncode<'a>>,
}

impl<'a> Member<'a> {
    fn new((key, (value, metadata)): (&'a Key, &'a (StringValue, BaggageMetadata))) -> Self {
        let properties = metadata.as_str().trim_matches([';', ' ', '\t']);
        Self {
            key: key.as_str(),
            value: utf8_percent_encode(value.as_str(), VALUE),
            properties: (!properties.is_empty())
                .then(|| utf8_percent_encode(properties, PROPERTIES)),
        }
    }

    fn length(&self) -> usize {
        let encoded = |text: &PercentEncode<'_>| text.clone().map(str::len).sum::<usize>();
        let properties = self.properties.as_ref().map_or(0, |text| 1 + encoded(text));
        self.key.len() + 1 + encoded(&self.value) + properties
    }

    fn write(self, header: &mut String) {
        header.push_str(self.key);
        header.push('=');
        header.extend(self.value);
        if let Some(properties) = self.properties {
            header.push(';');
            header.extend(properties);
        }
    }
}

/// All that is not a `baggage-octet`, and `%` itself; what is not ASCII is encoded in any case.
const VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// Metadata is opaque and `%` in it already encoded. Only what would break out of the member, or
/// out of the header, is escaped.
const PROPERTIES: &AsciiSet = &CONTROLS.remove(b'\t').add(b'"').add(b',').add(b'\\');
