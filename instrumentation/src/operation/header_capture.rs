//! Headers that the user allowed to be recorded.

use std::sync::Arc;

use opentelemetry::propagation::Extractor;
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

/// An allow-list, prepared so that capturing allocates only what is recorded.
#[derive(Clone, Debug)]
pub(crate) struct HeaderCapture {
    prefix: &'static str,
    exact: Arc<[(String, Key)]>,
    patterns: Arc<[String]>,
}

impl HeaderCapture {
    /// `prefix` is the attribute up to the header's name, such as `http.request.header.`.
    pub(crate) fn new(prefix: &'static str, names: &[String]) -> Self {
        let mut names: Vec<_> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        let (patterns, exact): (Vec<_>, Vec<_>) = names
            .into_iter()
            .partition(|name| name.contains(['*', '?']));
        let exact = exact.into_iter().map(|name| {
            let key = Key::from(Arc::<str>::from(format!("{prefix}{name}")));
            (name, key)
        });
        Self {
            prefix,
            exact: exact.collect(),
            patterns: patterns.into(),
        }
    }

    /// Appends one `string[]` attribute for each selected header that is present.
    #[inline]
    pub(crate) fn capture(&self, headers: &dyn Extractor, attributes: &mut Vec<KeyValue>) {
        if !self.exact.is_empty() || !self.patterns.is_empty() {
            self.capture_selected(headers, attributes);
        }
    }

    fn capture_selected(&self, headers: &dyn Extractor, attributes: &mut Vec<KeyValue>) {
        for (name, key) in self.exact.iter() {
            attributes.extend(attribute(key.clone(), headers, name));
        }
        if self.patterns.is_empty() {
            return;
        }
        for name in headers.keys() {
            let lower = name.to_ascii_lowercase();
            let listed = self.exact.iter().any(|(exact, _)| *exact == lower);
            let allowed = !CREDENTIALS.contains(&lower.as_str())
                && self
                    .patterns
                    .iter()
                    .any(|pattern| matches(pattern.as_bytes(), lower.as_bytes()));
            if allowed && !listed {
                let key = Key::from(format!("{}{lower}", self.prefix));
                attributes.extend(attribute(key, headers, name));
            }
        }
    }
}

fn attribute(key: Key, headers: &dyn Extractor, name: &str) -> Option<KeyValue> {
    let values = headers.get_all(name).filter(|values| !values.is_empty())?;
    let values = values
        .into_iter()
        .map(|value| StringValue::from(value.to_owned()))
        .collect();
    Some(KeyValue::new(key, Value::Array(Array::String(values))))
}

/// `*` matches any run of bytes, `?` one byte. Linear in both lengths except for backtracking to
/// the last `*`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut last_star = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, read));
                at += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == text.get(read) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star, start)) = last_star else {
                    return false;
                };
                last_star = Some((star, start + 1));
                at = star + 1;
                read = start + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// Headers that are known to contain credentials. A wildcard never selects them, only their full
/// name does.
const CREDENTIALS: [&str; 10] = [
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-xsrf-token",
];

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn captured(names: &[&str]) -> Vec<String> {
        let headers: HashMap<String, String> =
            ["x-test-request", "x-other", "authorization", "cookie"]
                .map(|name| (name.to_owned(), "value".to_owned()))
                .into();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut attributes = Vec::new();
        HeaderCapture::new("h.", &names).capture(&headers, &mut attributes);
        let mut keys: Vec<_> = attributes
            .iter()
            .map(|kv| kv.key.as_str().to_owned())
            .collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn headers_are_selected_by_name_and_pattern() {
        // HSU-23; there is no exclude list: credentials are the only exclusion.
        let cases: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["X-Test-Request"], &["h.x-test-request"]),
            (
                &["x-test-*", "X-TEST-REQUEST", "x-test-request"],
                &["h.x-test-request"],
            ),
            (&["x-?ther"], &["h.x-other"]),
            (&["*"], &["h.x-other", "h.x-test-request"]),
            (
                &["*", "authorization"],
                &["h.authorization", "h.x-other", "h.x-test-request"],
            ),
            (&["missing"], &[]),
        ];
        for (names, expected) in cases {
            assert_eq!(captured(names), *expected, "{names:?}");
        }
    }

    #[test]
    fn patterns_match_as_globs() {
        let cases = [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ab", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*b*", "abab", true),
            ("a**", "a", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
