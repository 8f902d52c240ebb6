//! From [`Baggage`] to one header line.

use opentelemetry::{Key, StringValue, baggage::Baggage, baggage::BaggageMetadata};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use super::limits::{MAX_BYTES, MAX_MEMBERS};

/// Writes the members sorted by key, so that the same baggage always gives the same header.
///
/// Values are written so that every language can read them. If that makes the line too long, they
/// are written as short as the format allows, so that values that came in raw are not lost.
pub(super) fn header(baggage: &Baggage) -> String {
    // Most calls carry no baggage and should not pay for unused room.
    if baggage.is_empty() {
        return String::new();
    }
    // On the stack, so that the header itself is the only allocation.
    let mut slots = [None; MAX_MEMBERS];
    let mut count = 0;
    for (slot, member) in slots.iter_mut().zip(baggage) {
        *slot = Some(member);
        count += 1;
    }
    let members = slots.get_mut(..count).unwrap_or_default();
    members.sort_unstable_by_key(|member| member.map(|(key, _)| key.as_str()));

    let mut escaped = ALL_BUT_UNRESERVED;
    let mut length = length_of(members, escaped);
    if length > MAX_BYTES {
        leave_out_what_does_not_fit(members);
        length = length_of(members, escaped);
        if length > MAX_BYTES {
            escaped = NOT_IN_VALUES;
            length = length_of(members, escaped);
        }
    }

    let mut header = String::with_capacity(length);
    for member in members.iter().flatten() {
        if !header.is_empty() {
            header.push(',');
        }
        Member::new(*member, escaped).write(&mut header);
    }
    header
}

/// A member of the baggage as the API holds it.
type Entry<'a> = (&'a Key, &'a (StringValue, BaggageMetadata));

fn length_of(members: &[Option<Entry<'_>>], escaped: &'static AsciiSet) -> usize {
    let lengths = members
        .iter()
        .flatten()
        .map(|member| Member::new(*member, escaped).length() + 1);
    lengths.sum::<usize>().saturating_sub(1)
}

/// Measures members by their least length, so that the members left out do not decide how the
/// others are written.
///
/// The API keeps the number of members within the limit, but encoding can triple their length.
fn leave_out_what_does_not_fit(members: &mut [Option<Entry<'_>>]) {
    let mut length = 0;
    for slot in members {
        let Some(member) = slot.map(|member| Member::new(member, NOT_IN_VALUES)) else {
            continue;
        };
        let extended = length + usize::from(length > 0) + member.length();
        if extended <= MAX_BYTES {
            length = extended;
        } else {
            *slot = None;
        }
    }
}

/// One member, encoded only while it is measured and written.
#[derive(Debug)]
struct Member<'a> {
    key: &'a str,
    value: PercentEncode<'a>,
    properties: Option<PercentEncode<'a>>,
}

impl<'a> Member<'a> {
    fn new((key, (value, metadata)): Entry<'a>, escaped: &'static AsciiSet) -> Self {
        let properties = metadata.as_str().trim_matches([';', ' ', '\t']);
        Self {
            key: key.as_str(),
            value: utf8_percent_encode(value.as_str(), escaped),
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

/// The characters that some reader misreads. A `+` is a space to Python, .NET, PHP and C++, a `=`
/// ends the value in Ruby and in the SDK for Rust, and C++ drops a member for any other of these.
/// All of them read the characters that RFC 3986 calls unreserved.
const ALL_BUT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Everything that is not a `baggage-octet`, and `%` itself. Non-ASCII text is always encoded.
const NOT_IN_VALUES: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// Metadata is opaque, and `%` in it is encoded already. Only characters that would break out of
/// the member or the header are escaped.
const PROPERTIES: &AsciiSet = &CONTROLS.remove(b'\t').add(b'"').add(b',').add(b'\\');

#[cfg(test)]
mod tests {
    use opentelemetry::baggage::KeyValueMetadata;

    use super::*;

    #[test]
    fn values_are_encoded_so_that_every_language_reads_them() {
        let cases = [
            ("", ""),
            ("azAZ09-._~", "azAZ09-._~"),
            // A space to Python, .NET, PHP and C++.
            ("1+1", "1%2B1"),
            // Ends the value in Ruby, and in the propagator of the Rust SDK.
            ("SomeValue=equals", "SomeValue%3Dequals"),
            // C++ drops the member.
            ("https://a@b:1/?c#d", "https%3A%2F%2Fa%40b%3A1%2F%3Fc%23d"),
            (
                "!$&'()*<>[]^`{|}",
                "%21%24%26%27%28%29%2A%3C%3E%5B%5D%5E%60%7B%7C%7D",
            ),
            // Not allowed in a value by the format.
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
    fn list_that_would_not_fit_is_encoded_where_the_grammar_needs_it() {
        let legal: String = ('!'..='~').filter(|c| !"\"%,;\\".contains(*c)).collect();
        let rest = "+".repeat(8192 - "a=,b=%20".len() - legal.len());
        let long = legal + &rest;
        let sent = header(&baggage(&[("a", &long, ""), ("b", " ", "")]));

        assert_eq!(sent.len(), 8192);
        assert_eq!(sent.capacity(), sent.len());
        assert!(sent == format!("a={long},b=%20"));
    }

    #[test]
    fn members_that_are_left_out_do_not_decide_how_the_others_are_encoded() {
        let huge = "+".repeat(8192);
        assert_eq!(
            header(&baggage(&[("a", "1+1", ""), ("b", &huge, "")])),
            "a=1%2B1"
        );
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
