//! From header lines to [`Baggage`].

use std::borrow::Cow;

use opentelemetry::baggage::Baggage;
use percent_encoding::percent_decode_str;

use super::limits::{MAX_BYTES, MAX_MEMBERS};
use crate::whitespace;

/// Reads all lines as one list.
///
/// The work is linear in the input, and the limits bound the result. So the API's own limits, which
/// drop entries one by one by their decoded length, are never reached.
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
        // Only the first `=` is a separator; any other belongs to the value.
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

/// True for a token of RFC 9110, which a key has to be.
fn is_token(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// True if all bytes are `baggage-octet`s: printable ASCII without space, `"`, `,`, `;` and `\`.
///
/// A `%` without two digits behind it is legal and stands for itself.
fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read() {
        type Expected = &'static [(&'static str, &'static str, &'static str)];
        let cases: [(&str, Expected); 21] = [
            ("SomeKey=SomeValue", &[("SomeKey", "SomeValue", "")]),
            (
                "SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal",
                &[
                    ("SomeKey", "SomeValue", "SomeProp"),
                    ("SomeKey2", "SomeValue2", "ValueProp=PropVal"),
                ],
            ),
            (
                "SomeKey \t = \t SomeValue \t ; \t SomeProp \t , \t SomeKey2 \t = \t SomeValue2 \t ; \t ValueProp \t = \t PropVal",
                &[
                    ("SomeKey", "SomeValue", "SomeProp"),
                    ("SomeKey2", "SomeValue2", "ValueProp \t = \t PropVal"),
                ],
            ),
            (
                "SomeKey=SomeValue;SomeProp;SecondProp=PropValue",
                &[("SomeKey", "SomeValue", "SomeProp;SecondProp=PropValue")],
            ),
            (
                "SomeKey=SomeValue=equals",
                &[("SomeKey", "SomeValue=equals", "")],
            ),
            (
                "SomeKey \t = \t SomeValue \t ",
                &[("SomeKey", "SomeValue", "")],
            ),
            (
                "SomeKey=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29",
                &[("SomeKey", "\t \"';=asdf!@#$%^&*()", "")],
            ),
            ("k=%C3%a9%F0%9F%9A%80", &[("k", "é🚀", "")]),
            // Escapes that are not UTF-8 are replaced; the member is kept.
            (
                "k=a%FFb%C3,c=1",
                &[("k", "a\u{fffd}b\u{fffd}", ""), ("c", "1", "")],
            ),
            // Text that is not an escape stands for itself.
            (
                "k=100%,l=%z1%2,m=%",
                &[("k", "100%", ""), ("l", "%z1%2", ""), ("m", "%", "")],
            ),
            ("k=+", &[("k", "+", "")]),
            ("k=", &[("k", "", "")]),
            ("k=;p", &[("k", "", "p")]),
            ("k=v;", &[("k", "v", "")]),
            ("k=v; ;p;", &[("k", "v", "p")]),
            (
                "!#$%&'*+-.^_`|~09azAZ=1",
                &[("!#$%&'*+-.^_`|~09azAZ", "1", "")],
            ),
            ("%41=1", &[("%41", "1", "")]),
            ("key=1,Key=2", &[("key", "1", ""), ("Key", "2", "")]),
            // The last of several wins, properties included.
            ("k=1;p,k=2", &[("k", "2", "")]),
            // Properties are opaque.
            ("k=v;p=%20\"é\"", &[("k", "v", "p=%20\"é\"")]),
            (",, ,k=v,,", &[("k", "v", "")]),
        ];
        for (line, expected) in cases {
            assert_eq!(members(&baggage(&[line])), sorted(expected), "{line:?}");
        }
    }

    #[test]
    fn invalid_members_are_skipped() {
        let cases = [
            "", " ", "k", "k;p=1", "=", "=v", " =v", ";p", "a b=v", "a\"b=v", "(k)=v", "k:=v",
            "k@x=v", "é=v", "\u{fffd}", "k=a b", "k=a\tb", "k=\"a\"", "k=a\\b", "k=é", "k=\u{7f}",
            "k=a\nb", "\nk=v",
        ];
        for invalid in cases {
            assert!(baggage(&[invalid]).is_empty(), "{invalid:?}");
            let line = format!("a=1,{invalid},b=2");
            assert_eq!(
                members(&baggage(&[&line])),
                sorted(&[("a", "1", ""), ("b", "2", "")]),
                "{invalid:?}"
            );
        }
    }

    #[test]
    fn lines_are_one_list() {
        assert_eq!(
            members(&baggage(&["a=1,b=2", "", "\u{fffd}", "b=3;p", "c=4"])),
            sorted(&[("a", "1", ""), ("b", "3", "p"), ("c", "4", "")])
        );
    }

    #[test]
    fn first_64_members_are_kept() {
        let line = (0..70)
            .map(|i| format!("k{i}=v"))
            .collect::<Vec<_>>()
            .join(",");
        let read = baggage(&["bad", &line, "l=v"]);

        assert_eq!(read.len(), 64);
        assert!(read.get("k63").is_some());
        assert!(read.get("k64").is_none());
    }

    #[test]
    fn members_beyond_8192_bytes_are_left_out_whole() {
        let exact = format!("a={}", "0123456789".repeat(819));
        assert_eq!(exact.len(), 8192);
        assert_eq!(baggage(&[&exact]).len(), 1);
        assert_eq!(baggage(&[&exact, "b="]).len(), 1);

        let long = format!("a={}", "x".repeat(8191));
        assert_eq!(
            members(&baggage(&[&long, "b=2"])),
            sorted(&[("b", "2", "")])
        );

        // 32 members of 255 bytes and 31 commas make 8191: there is no room for another comma.
        let many = (0..32)
            .map(|i| format!("k{i:02}={}", "v".repeat(251)))
            .collect::<Vec<_>>();
        let line = many.join(",");
        assert_eq!(line.len(), 8191);
        assert_eq!(baggage(&[&line, "z="]).len(), 32);
    }

    fn members(baggage: &Baggage) -> Vec<(String, String, String)> {
        let mut members: Vec<_> = baggage
            .iter()
            .map(|(key, (value, properties))| {
                (key.to_string(), value.to_string(), properties.to_string())
            })
            .collect();
        members.sort();
        members
    }

    fn sorted(members: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        let mut members: Vec<_> = members
            .iter()
            .map(|(key, value, properties)| {
                (
                    (*key).to_owned(),
                    (*value).to_owned(),
                    (*properties).to_owned(),
                )
            })
            .collect();
        members.sort();
        members
    }
}
