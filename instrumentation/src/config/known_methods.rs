//! The methods that may become a label (`http.request.method`).

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::StringValue;

use crate::semconv;

/// The methods that are recorded unchanged; all others become `_OTHER`.
#[derive(Clone, Debug)]
pub(crate) struct KnownMethods {
    /// `None`: the methods of RFC 9110, PATCH and QUERY, which need no allocation.
    replacement: Option<Arc<[Arc<str>]>>,
}

/// A method as it appears on the span, on the metric and in the span's name.
pub(crate) struct Method {
    /// `http.request.method`: a known method or `_OTHER`.
    pub(crate) label: StringValue,
    /// The first word of a span name: the method, or `HTTP` for an unknown one.
    pub(crate) name: Cow<'static, str>,
    pub(crate) known: bool,
}

impl KnownMethods {
    pub(crate) fn only(methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let methods = methods
            .into_iter()
            .map(|method| Arc::from(method.into()))
            .collect();
        Self {
            replacement: Some(methods),
        }
    }

    /// The known methods of the conventions.
    pub(crate) fn standard() -> Self {
        Self { replacement: None }
    }

    /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` if it is set, else the conventions' list.
    pub(crate) fn from_env() -> Self {
        match std::env::var("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS") {
            Ok(list) => Self::from_list(&list),
            Err(_) => Self { replacement: None },
        }
    }

    /// An empty variable counts as unset, as the specification requires for every variable.
    fn from_list(list: &str) -> Self {
        let mut methods = list
            .split(',')
            .map(str::trim)
            .filter(|method| !method.is_empty());
        match methods.next() {
            Some(first) => Self::only(std::iter::once(first).chain(methods)),
            None => Self { replacement: None },
        }
    }

    /// Methods are case-sensitive: `get` is not `GET`.
    pub(crate) fn classify(&self, method: &str) -> Method {
        match &self.replacement {
            None => standard(method).map_or(Method::other(), |known| Method {
                label: StringValue::from(known),
                name: Cow::Borrowed(known),
                known: true,
            }),
            Some(methods) => methods
                .iter()
                .find(|known| known.as_ref() == method)
                .map_or(Method::other(), |known| Method {
                    label: StringValue::from(known.clone()),
                    name: Cow::Owned(method.to_owned()),
                    known: true,
                }),
        }
    }
}

impl Method {
    fn other() -> Self {
        Self {
            label: StringValue::from(semconv::OTHER),
            name: Cow::Borrowed("HTTP"),
            known: false,
        }
    }
}

fn standard(method: &str) -> Option<&'static str> {
    Some(match method {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        "QUERY" => "QUERY",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_or_other() {
        // HSU-18
        let standard = KnownMethods { replacement: None };
        let custom = KnownMethods::only(["only", "custom"]);
        let cases = [
            (&standard, "GET", "GET", "GET"),
            (&standard, "QUERY", "QUERY", "QUERY"),
            (&standard, "get", "_OTHER", "HTTP"),
            (&standard, "PURGE", "_OTHER", "HTTP"),
            (&standard, "", "_OTHER", "HTTP"),
            (&custom, "only", "only", "only"),
            (&custom, "GET", "_OTHER", "HTTP"),
        ];
        for (methods, method, label, name) in cases {
            let classified = methods.classify(method);
            assert_eq!(classified.label.as_str(), label, "{method}");
            assert_eq!(classified.name, name, "{method}");
            assert_eq!(classified.known, label != "_OTHER", "{method}");
        }
    }

    #[test]
    fn a_list_replaces_the_defaults_and_an_empty_one_is_unset() {
        let listed = KnownMethods::from_list(" PURGE , LINK ");
        assert!(listed.classify("PURGE").known && listed.classify("LINK").known);
        assert!(!listed.classify("GET").known);
        assert!(KnownMethods::from_list(" , ").classify("GET").known);
    }
}
