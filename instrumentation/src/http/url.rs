//! `url.full` and `url.query` without secrets (`docs/registry/attributes/url.md`).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::facts::Request;

/// The absolute URL of a client's request, with user information and sensitive values redacted.
pub(super) fn full(request: &Request<'_>, sensitive: &[Cow<'static, str>]) -> String {
    let scheme = request.scheme.unwrap_or("http");
    let host = || request.headers.get("host");
    let authority = request.authority.or_else(host).unwrap_or_default();
    let query = request.query.map(|query| redact_query(query, sensitive));
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => ("REDACTED:REDACTED@", host),
        None => ("", authority),
    };
    let query_length = query.as_ref().map_or(0, |query| query.len() + 1);
    let mut url = String::with_capacity(
        scheme.len() + 3 + user.len() + host.len() + request.path.len() + query_length,
    );
    for part in [scheme, "://", user, host, request.path] {
        url.push_str(part);
    }
    if let Some(query) = query {
        if !query.starts_with('#') {
            url.push('?');
        }
        url.push_str(&query);
    }
    url
}

/// Replaces the values of sensitive keys, and values that are a URL with credentials or a sensitive
/// key of its own. Keys, their order and the fragment are kept. Keys match exactly.
pub(super) fn redact_query<'a>(query: &'a str, sensitive: &[Cow<'static, str>]) -> Cow<'a, str> {
    let is_secret = |pair: &str| {
        pair.split_once('=').is_some_and(|(key, value)| {
            sensitive.iter().any(|name| name == key) || is_secret_url(value, sensitive)
        })
    };
    let (pairs, fragment) = match query.find('#') {
        Some(start) => query.split_at(start),
        None => (query, ""),
    };
    if !pairs.split('&').any(is_secret) {
        return Cow::Borrowed(query);
    }
    let mut redacted = String::with_capacity(query.len() + REDACTED.len());
    for (index, pair) in pairs.split('&').enumerate() {
        if index > 0 {
            redacted.push('&');
        }
        match pair.split_once('=') {
            Some((key, _)) if is_secret(pair) => {
                redacted.push_str(key);
                redacted.push('=');
                redacted.push_str(REDACTED);
            }
            _ => redacted.push_str(pair),
        }
    }
    redacted.push_str(fragment);
    Cow::Owned(redacted)
}

/// True if a value, decoded at most once, is a URL with user information or with a sensitive key in
/// its query. Text that is encoded twice is not checked.
fn is_secret_url(value: &str, sensitive: &[Cow<'static, str>]) -> bool {
    // Nearly all values contain none of these.
    if !["://", "%2F%2F", "%2f%2f"]
        .iter()
        .any(|it| value.contains(it))
    {
        return false;
    }
    let url: Cow<'_, [u8]> = percent_decode_str(value).into();
    let Some(start) = url.windows(3).position(|window| window == b"://") else {
        return false;
    };
    let after = url.get(start + 3..).unwrap_or_default();
    let mut parts = after.splitn(2, |byte| matches!(byte, b'/' | b'?' | b'#'));
    let has_user = parts
        .next()
        .is_some_and(|authority| authority.contains(&b'@'));
    let query = after
        .splitn(2, |byte| *byte == b'?')
        .nth(1)
        .unwrap_or_default();
    let has_secret = || {
        query.split(|byte| *byte == b'&').any(|pair| {
            let key = pair.split(|byte| *byte == b'=').next();
            sensitive.iter().any(|name| key == Some(name.as_bytes()))
        })
    };
    has_user || has_secret()
}

const REDACTED: &str = "REDACTED";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::Common;

    #[test]
    fn sensitive_values_are_redacted() {
        // HCU-03, HCU-05
        let cases = [
            ("", ""),
            ("paramA=valA&paramB=valB", "paramA=valA&paramB=valB"),
            ("AWSAccessKeyId=AKIA", "AWSAccessKeyId=REDACTED"),
            ("Signature=39Up%3D&a=b", "Signature=REDACTED&a=b"),
            ("x=1&X-Amz-Signature=2", "x=1&X-Amz-Signature=REDACTED"),
            ("X-Amz-Credential=1", "X-Amz-Credential=REDACTED"),
            ("X-Amz-Security-Token=1", "X-Amz-Security-Token=REDACTED"),
            ("sig=39Up#ref", "sig=REDACTED#ref"),
            ("X-Goog-Signature=1=2", "X-Goog-Signature=REDACTED"),
            ("sig=1&sig=2", "sig=REDACTED&sig=REDACTED"),
            ("sig&a&b#fragment", "sig&a&b#fragment"),
            ("a#sig=1", "a#sig=1"),
            ("SIG=1&mysig=2&sigx=3", "SIG=1&mysig=2&sigx=3"),
            ("sig=", "sig=REDACTED"),
            ("&&sig=1&", "&&sig=REDACTED&"),
            // A URL inside a value, plain and decoded once.
            ("url=https://h/?a=1&b=2", "url=https://h/?a=1&b=2"),
            ("url=https://u:p@h/", "url=REDACTED"),
            ("url=https%3A%2F%2Fu%3Apw%40h%2F%3Fa%3D1", "url=REDACTED"),
            ("url=https%3a%2f%2fu%3apw@h", "url=REDACTED"),
            (
                "a=1&url=https%3A%2F%2Fh%2F%3Fsig%3DSECRET&b=2",
                "a=1&url=REDACTED&b=2",
            ),
            (
                "url=https%3A%2F%2Fh%2F%3Fa%3D1%26sig%3DSECRET",
                "url=REDACTED",
            ),
            (
                "url=https%3A%2F%2Fh%2F%3Fa%3Dsig",
                "url=https%3A%2F%2Fh%2F%3Fa%3Dsig",
            ),
            ("mail=me@example.com", "mail=me@example.com"),
            ("path=%2F%2Fu@h", "path=%2F%2Fu@h"),
            (
                "url=https%253A%252F%252Fu%2540h",
                "url=https%253A%252F%252Fu%2540h",
            ),
        ];
        for (query, expected) in cases {
            assert_eq!(
                redact_query(query, &Common::default().sensitive_query_keys),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn the_list_of_keys_can_be_replaced() {
        // HCU-07, HCU-08
        let own = ["secret", "apiKey", "token"].map(Cow::Borrowed);
        assert_eq!(
            redact_query("secret=&param=val", &own),
            "secret=REDACTED&param=val"
        );
        assert_eq!(
            redact_query("mySecret=value&Token=x", &own),
            "mySecret=value&Token=x"
        );
        assert_eq!(redact_query("sig=1", &[]), "sig=1");
    }

    #[test]
    fn user_information_is_redacted() {
        // HCU-01, HCU-02, HCU-08
        let cases = [
            (
                "user1:secret@github.com",
                "/",
                None,
                "https://REDACTED:REDACTED@github.com/",
            ),
            (
                "user1@github.com",
                "/",
                None,
                "https://REDACTED:REDACTED@github.com/",
            ),
            (
                "github.com",
                "/p@th",
                Some("foo=b@r"),
                "https://github.com/p@th?foo=b@r",
            ),
            (
                "u:p@[::1]:8443",
                "/p@th",
                Some("a"),
                "https://REDACTED:REDACTED@[::1]:8443/p@th?a",
            ),
            ("github.com", "/", Some(""), "https://github.com/?"),
            (
                "github.com",
                "/",
                Some("#t@st.html"),
                "https://github.com/#t@st.html",
            ),
        ];
        let headers: HashMap<String, String> = HashMap::new();
        for (authority, path, query, expected) in cases {
            let request = Request {
                method: "GET",
                scheme: Some("https"),
                authority: Some(authority),
                path,
                query,
                template: None,
                version: None,
                peer: None,
                headers: &headers,
            };
            assert_eq!(full(&request, &[]), expected);
        }
    }

    #[test]
    fn host_header_stands_in_for_an_authority() {
        let headers = HashMap::from([("host".to_owned(), "example.com:81".to_owned())]);
        let request = Request {
            method: "GET",
            scheme: None,
            authority: None,
            path: "/a",
            query: None,
            template: None,
            version: None,
            peer: None,
            headers: &headers,
        };
        assert_eq!(full(&request, &[]), "http://example.com:81/a");
    }
}
