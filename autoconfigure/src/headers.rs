//! `OTEL_EXPORTER_OTLP_HEADERS`: headers of each request. They often are credentials, so their
//! values are never logged.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

use crate::environment::Environment;
use crate::percent;
use crate::signal::Signal;

/// The headers in the variable's list. Entries that cannot be read are left out, with a warning.
pub(crate) fn headers(environment: &Environment, signal: Signal) -> HeaderMap {
    let names = signal.otlp_variables("HEADERS");
    let Some((variable, list)) = environment.first(&names) else {
        return HeaderMap::new();
    };
    let listed = listed(&list);
    for complaint in listed.complaints {
        environment.warn(variable, format_args!(": {complaint}"));
    }
    listed.headers
}

/// The contents of a list.
pub(crate) struct Listed {
    pub(crate) headers: HeaderMap,
    /// The problems of the list.
    pub(crate) complaints: Vec<String>,
}

/// The headers of a list such as `api-key=secret,x-tenant=acme%20inc`.
pub(crate) fn listed(list: &str) -> Listed {
    let unquoted = unquoted(list);
    let mut has_quotes = unquoted != list;
    let mut headers = HeaderMap::new();
    let mut complaints = Vec::new();
    let members = unquoted.split(',').map(str::trim);
    for (index, member) in members.filter(|member| !member.is_empty()).enumerate() {
        match header(member, &mut has_quotes) {
            Some((name, value)) => {
                headers.append(name, value);
            }
            None => complaints.push(format!(
                "header {} is not name=value with percent-encoded values (not shown, as it may \
                 be secret); using the others",
                index + 1
            )),
        }
    }
    if has_quotes {
        complaints.push(
            "quotes around a value would be a part of it (env files keep them); using it without \
             them"
                .to_owned(),
        );
    }
    Listed {
        headers,
        complaints,
    }
}

fn header(member: &str, has_quotes: &mut bool) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = member.split_once('=')?;
    let value = percent::decoded(value.trim())?;
    let unquoted = unquoted(value.trim());
    *has_quotes |= unquoted != value.trim();
    let mut header = HeaderValue::from_str(unquoted).ok()?;
    header.set_sensitive(true);
    let is_visible = unquoted
        .chars()
        .all(|letter| letter.is_ascii_graphic() || letter == ' ');
    (is_visible && !unquoted.is_empty()).then_some((name.trim().parse().ok()?, header))
}

/// The text without surrounding quotes.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;
    use crate::environment::tests::said;

    const LIST: &str = "OTEL_EXPORTER_OTLP_HEADERS";

    fn read(list: &str) -> (Vec<(String, String)>, Vec<String>) {
        let environment = environment(&[(LIST, list)]);
        let headers = headers(&environment, Signal::Logs);
        let headers = headers.iter().map(|(name, value)| {
            assert!(value.is_sensitive());
            (name.to_string(), value.to_str().unwrap().to_owned())
        });
        (headers.collect(), said(environment))
    }

    #[test]
    fn malformed_headers_are_counted_but_not_shown() {
        for (list, expected) in [
            ("", vec![]),
            ("api-key=secret, x=y%20z,", vec![]),
            ("api-key=secret,hush", vec![2]),
            ("hush hush=secret,=x,a=", vec![1, 2, 3]),
            ("a=100%,b=%zz,c=d", vec![1, 2]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|number| {
                    format!(
                        "{LIST}: header {number} is not name=value with percent-encoded values \
                         (not shown, as it may be secret); using the others"
                    )
                })
                .collect();
            assert_eq!(read(list).1, expected, "{list:?}");
        }
    }

    #[test]
    fn values_are_decoded_and_quotes_around_them_are_taken_off() {
        for (list, expected, has_quotes) in [
            ("x-tenant=acme%20inc", ("x-tenant", "acme inc"), false),
            (
                "authorization=Basic dTpwPT0=",
                ("authorization", "Basic dTpwPT0="),
                false,
            ),
            (
                "authorization=\"Bearer x\"",
                ("authorization", "Bearer x"),
                true,
            ),
            (
                "'authorization=Bearer x'",
                ("authorization", "Bearer x"),
                true,
            ),
            (
                "\"Authorization=Bearer x\"",
                ("authorization", "Bearer x"),
                true,
            ),
            ("etag=\"half", ("etag", "\"half"), false),
        ] {
            let (headers, said) = read(list);
            let (name, value) = expected;
            assert_eq!(headers, [(name.to_owned(), value.to_owned())], "{list}");
            assert_eq!(said.len(), usize::from(has_quotes), "{list}: {said:?}");
            assert!(!said.iter().any(|text| text.contains("Bearer")), "{said:?}");
        }
    }
}
