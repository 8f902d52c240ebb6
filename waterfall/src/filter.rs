//! A filter for traces.

use std::time::Duration;

use crate::span::Span;
use crate::trace::Trace;

/// Selects the traces to show; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Only traces that took at least this long. Default: none.
    pub slow: Option<Duration>,
    /// Only traces with an error. Default: false.
    pub errors: bool,
    /// Only traces that came through this service. Default: none.
    pub service: Option<String>,
    /// Only traces with this route or name of a request; `*` stands for anything. Default: none.
    pub route: Option<String>,
    /// Only traces with a span that has all of these attributes. Default: none.
    pub attributes: Vec<(String, String)>,
}

impl Filter {
    /// `true` if the filter selects the trace.
    pub fn lets_through(&self, trace: &Trace) -> bool {
        let Self {
            slow,
            errors,
            service,
            route,
            attributes,
        } = self;
        let any = |rule: &dyn Fn(&Span) -> bool| trace.spans().iter().any(rule);
        slow.is_none_or(|slow| trace.duration() >= slow)
            && (!errors || trace.has_error())
            && service
                .as_ref()
                .is_none_or(|service| any(&|span| *span.service == **service))
            && route
                .as_ref()
                .is_none_or(|route| any(&|span| is_routed(route, span)))
            && (attributes.is_empty() || any(&|span| has_all(attributes, span)))
    }
}

fn is_routed(pattern: &str, span: &Span) -> bool {
    let keys = ["http.route", "url.path", "rpc.method"];
    let mut texts = keys.iter().filter_map(|key| span.attributes.text(key));
    matches(pattern, &span.name) || texts.any(|text| matches(pattern, text))
}

fn has_all(attributes: &[(String, String)], span: &Span) -> bool {
    attributes.iter().all(|(name, wanted)| {
        let value = span.attributes.get(name);
        value.is_some_and(|value| match value.as_str() {
            Some(text) => text == wanted,
            None => value.to_string() == *wanted,
        })
    })
}

/// `*` matches any number of any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    while let Some((part, tail)) = rest.split_once('*') {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
        rest = tail;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn patterns() {
        let table = [
            ("/orders", "/orders", true),
            ("/orders", "/orders/7", false),
            ("/orders/*", "/orders/7", true),
            ("*orders*", "POST /orders/7", true),
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("", "x", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn each_condition_is_asked() {
        let orders = span(1, 0, "orders", "POST /orders", 0..200)
            .with("http.route", "/orders")
            .with("http.response.status_code", 500)
            .failed("500");
        let failed = Trace::new(vec![orders]);
        let fine = Trace::new(vec![span(1, 0, "gateway", "GET /", 0..10)]);
        let filter = Filter::default();
        let status = ("http.response.status_code".to_owned(), "500".to_owned());
        for filter in [
            Filter {
                slow: Some(Duration::from_millis(200)),
                ..filter.clone()
            },
            Filter {
                errors: true,
                ..filter.clone()
            },
            Filter {
                service: Some("orders".to_owned()),
                ..filter.clone()
            },
            Filter {
                route: Some("/ord*".to_owned()),
                ..filter.clone()
            },
            Filter {
                attributes: vec![status],
                ..filter.clone()
            },
        ] {
            assert!(filter.lets_through(&failed), "{filter:?}");
            assert!(!filter.lets_through(&fine), "{filter:?}");
        }
        assert!(filter.lets_through(&fine));
    }
}
