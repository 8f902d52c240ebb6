//! From [`Baggage`] to one header line.

use opentelemetry::{Key, StringValue, baggage::Baggage, baggage::BaggageMetadata};
use percent_encoding::{AsciiSet, CONTROLS, PercentEncode, utf8_percent_encode};

use super::{MAX_BYTES, MAX_MEMBERS};

/// Writes the members sorted by key, so that the same baggage always gives the same header.
///
/// The API keeps the number of members within the limit, but encoding can triple their length.
pub(super) fn header(baggage: &Baggage) -> String {
    // Most calls carry none, and are not to pay for room that they leave empty.
    if baggage.is_empty() {
        return String::new();
    }
    // On the stack: the header itself is to be the only allocation.
    let mut slots = [None; MAX_MEMBERS];
    let mut count = 0;
    for (slot, member) in slots.iter_mut().zip(baggage) {
        *slot = Some(member);
        count += 1;
    }
    let members = slots.get_mut(..count).unwrap_or_default();
    members.sort_unstable_by_key(|member| member.map(|(key, _)| key.as_str()));

    let mut length = 0;
    for slot in members.iter_mut() {
        let Some(member) = slot.map(Member::new) else {
            continue;
        };
        let extended = length + usize::from(length > 0) + member.length();
        if extended <= MAX_BYTES {
            length = extended;
        } else {
            *slot = None;
        }
    }

    let mut header = String::with_capacity(length);
    for member in members.iter().flatten() {
        if !header.is_empty() {
            header.push(',');
        }
        Member::new(*member).write(&mut header);
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

#[cfg(test)]
mod tests {
    use opentelemetry::baggage::KeyValueMetadata;

    use super::*;

    #[test]
    fn values_are_encoded_where_the_grammar_needs_it() {
        let legal: String = ('!'..='~').filter(|c| !"\"%,;\\".contains(*c)).collect();
        let cases = [
            ("", ""),
            ("SomeValue=equals", "SomeValue=equals"),
            (&legal, &legal),
            (" a\tb\r\n", "%20a%09b%0D%0A"),
            ("\"%,;\\", "%22%25%2C%3B%5C"),
            ("100%20", "100%2520"),
            ("é🚀\u{fffd}", "%C3%A9%F0%9F%9A%80%EF%BF%BD"),
            ("\0\u{7f}", "%00%7F"),
        ];
        for (value, encoded) in cases {
            assert_eq!(
                header(&baggage(&[("k", value, "")])),
                format!("k={encoded}")
            );
        }
    }

    #[test]
    fn properties_are_sent_as_they_are_but_cannot_break_out() {
        let cases = [
            ("", ""),
            (";", ""),
            ("p", ";p"),
            ("p;q=%20;r = 1", ";p;q=%20;r = 1"),
            (";p;", ";p"),
            ("p,evil=1", ";p%2Cevil=1"),
            ("p=\"1\"\r\nx: y", ";p=%221%22%0D%0Ax: y"),
            ("é\\", ";%C3%A9%5C"),
        ];
        for (properties, encoded) in cases {
            assert_eq!(
                header(&baggage(&[("k", "v", properties)])),
                format!("k=v{encoded}"),
                "{properties:?}"
            );
        }
    }

    #[test]
    fn members_are_sorted_and_capacity_is_exact() {
        let header = header(&baggage(&[
            ("c", "3", ""),
            ("a", "1 2", "p"),
            ("B", "2", ""),
        ]));

        assert_eq!(header, "B=2,a=1%202;p,c=3");
        assert_eq!(header.capacity(), header.len());
    }

    #[test]
    fn nothing_is_written_for_no_members() {
        assert_eq!(header(&Baggage::new()), "");
    }

    #[test]
    fn limits_are_met_by_leaving_out_whole_members() {
        let many: Vec<_> = (0..64).map(|i| format!("key{i:02}")).collect();
        let many: Vec<_> = many.iter().map(|key| (key.as_str(), "value", "")).collect();
        assert_eq!(header(&baggage(&many)).split(',').count(), 64);

        let exact = "0123456789".repeat(819);
        assert_eq!(header(&baggage(&[("a", &exact, "")])).len(), 8192);

        let tripled = " ".repeat(2730);
        let long = baggage(&[("a", "1", ""), ("b", &tripled, ""), ("c", "3", "")]);
        assert_eq!(header(&long), "a=1,c=3");
    }

    fn baggage(members: &[(&str, &str, &str)]) -> Baggage {
        members
            .iter()
            .map(|(key, value, properties)| {
                KeyValueMetadata::new((*key).to_owned(), (*value).to_owned(), *properties)
            })
            .collect()
    }
}
