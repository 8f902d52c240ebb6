//! The query of the list's URL.

use std::time::Duration;

use serde::Deserialize;

use crate::filter::Filter;

/// A form also sends its empty fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    pub(super) service: String,
    pub(super) route: String,
    /// In milliseconds.
    pub(super) slow: String,
    pub(super) errors: String,
    pub(super) page: String,
}

impl Query {
    pub(super) fn filter(&self) -> Filter {
        let text = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let slow = self.slow.trim().parse().ok().map(Duration::from_millis);
        Filter {
            slow,
            errors: self.has_errors(),
            service: text(&self.service),
            // A part of a route selects all routes that contain it.
            route: text(&self.route).map(|route| match route.contains('*') {
                true => route,
                false => format!("*{route}*"),
            }),
            attributes: Vec::new(),
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    pub(super) fn page(&self) -> usize {
        self.page.parse().unwrap_or(0)
    }

    /// The URL of another page of the same list.
    pub(super) fn with_page(&self, page: usize) -> String {
        let pairs = [
            ("service", self.service.as_str()),
            ("route", &self.route),
            ("slow", &self.slow),
            ("errors", &self.errors),
            ("page", &page.to_string()),
        ];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<_> = pairs
            .map(|(key, value)| format!("{key}={}", encoded(value)))
            .collect();
        format!("/?{}", pairs.join("&"))
    }
}

fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).into(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
