//! One header for each entry of baggage: `uberctx-{key}: {value}`.

use opentelemetry::{
    baggage::Baggage,
    propagation::{Extractor, Injector},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{
    baggage::limits::{MAX_BYTES, MAX_MEMBERS},
    whitespace,
};

/// The number of entries is limited before the first look-up, because a carrier that is a list is
/// searched whole for each; the API limits their size.
pub(super) fn read(extractor: &dyn Extractor) -> Baggage {
    let names = extractor.keys().into_iter().filter_map(|name| {
        let (prefix, key) = name.split_at_checked(PREFIX.len())?;
        (prefix.eq_ignore_ascii_case(PREFIX) && !key.is_empty()).then_some((name, key))
    });
    let mut baggage = Baggage::new();
    for (name, key) in names.take(MAX_MEMBERS) {
        // A longer value does not fit after decoding either.
        let value = extractor.get(name).filter(|it| it.len() <= 3 * MAX_BYTES);
        if let Some(value) = value {
            baggage.insert(key.to_owned(), decode(value));
        }
    }
    baggage
}

pub(super) fn write(baggage: &Baggage, injector: &mut dyn Injector) {
    if baggage.is_empty() {
        return;
    }
    let mut name = PREFIX.to_owned();
    for (key, (value, _)) in baggage {
        name.truncate(PREFIX.len());
        name.push_str(key.as_str());
        injector.set(&name, encode(value.as_str()));
    }
}

/// Decodes the encoding of query parameters, which has two ways to write a space.
fn decode(value: &str) -> String {
    let value = whitespace::trim(value).replace('+', " ");
    percent_decode_str(&value).decode_utf8_lossy().into_owned()
}

/// Encodes so that every decoder understands it: those of query parameters, and those that leave a
/// plus sign unchanged.
fn encode(value: &str) -> String {
    let encoded = utf8_percent_encode(value, VALUE);
    let mut header = String::with_capacity(encoded.clone().map(str::len).sum());
    header.extend(encoded);
    header
}

const PREFIX: &str = "uberctx-";

/// Every character except those that Jaeger's clients leave unencoded.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{MessageExtractor, MessageInjector};

    #[test]
    fn entries_travel_in_headers_of_their_own() {
        let received = headers(&[
            ("uberctx-a", "1%2C%20=2"),
            ("Uberctx-b", "%FF"),
            ("uberctx-c", " 1+1%2B1 "),
            ("uberctx-", "no key"),
            ("uberctx-no key", "not a token"),
            ("uberct", "no prefix"),
        ]);

        let mut sent = BTreeMap::new();
        write(
            &read(&MessageExtractor(&received)),
            &mut MessageInjector(&mut sent),
        );

        assert_eq!(
            sent,
            headers(&[
                ("uberctx-a", "1%2C%20%3D2"),
                ("uberctx-b", "%EF%BF%BD"),
                ("uberctx-c", "1%201%2B1"),
            ])
        );
    }

    #[test]
    fn first_64_entries_are_read() {
        let received: Vec<_> = (0..70)
            .map(|number| (format!("uberctx-k{number}"), "v".to_owned()))
            .collect();

        let baggage = read(&MessageExtractor(&received));

        assert_eq!(baggage.len(), 64);
        assert!(baggage.get("k63").is_some());
    }

    #[test]
    fn nothing_is_written_for_no_entries() {
        let mut sent = headers(&[]);
        write(&Baggage::new(), &mut MessageInjector(&mut sent));
        assert!(sent.is_empty());
    }

    fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }
}
