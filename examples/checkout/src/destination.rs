//! The destination of the services' spans: this program, or the one that the user's variables set.

use std::env;
use std::fmt;

use reqwest::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// No variable sets a collector: the spans are sent to this program.
    Here,
    /// The endpoint without credentials and query, and the variable that names it.
    Collector(String, &'static str),
    /// A collector is set, but this variable disables the export.
    Nowhere(&'static str),
}

impl Destination {
    pub(crate) fn from_environment() -> Self {
        Self::read(|name| env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let endpoint = COLLECTOR
            .into_iter()
            .find_map(|name| Some((set(name)?, name)));
        let Some((endpoint, name)) = endpoint else {
            return Self::Here;
        };
        if set(DISABLED).is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
            return Self::Nowhere(DISABLED);
        }
        let exports = |list: String| list.split(',').any(|exporter| exporter.trim() == "otlp");
        match set(EXPORTER).is_none_or(exports) {
            true => Self::Collector(shown(&endpoint), name),
            false => Self::Nowhere(EXPORTER),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => formatter.write_str("spans come here"),
            Self::Collector(endpoint, variable) => {
                write!(formatter, "spans go to {endpoint} ({variable})")
            }
            Self::Nowhere(variable) => write!(formatter, "spans go nowhere, as {variable} says"),
        }
    }
}

/// An endpoint may contain a password or a token, and the output ends up in screenshots.
fn shown(endpoint: &str) -> String {
    let Ok(mut url) = Url::parse(endpoint.trim()) else {
        return "what is no URL".to_owned();
    };
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}

/// The variables that set a collector for spans. The first one takes precedence.
const COLLECTOR: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
const DISABLED: &str = "OTEL_SDK_DISABLED";
const EXPORTER: &str = "OTEL_TRACES_EXPORTER";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destination_is_what_the_variables_say() {
        let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317/");
        let table = [
            (vec![], "spans come here"),
            (vec![("OTEL_SDK_DISABLED", "true")], "spans come here"),
            (
                vec![("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
                "spans come here",
            ),
            (
                vec![general],
                "spans go to http://127.0.0.1:4317 (OTEL_EXPORTER_OTLP_ENDPOINT)",
            ),
            (
                vec![
                    general,
                    (
                        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                        "https://ada:secret@traces/v1?key=secret",
                    ),
                ],
                "spans go to https://traces/v1 (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)",
            ),
            (
                vec![general, ("OTEL_SDK_DISABLED", "True")],
                "spans go nowhere, as OTEL_SDK_DISABLED says",
            ),
            (
                vec![general, ("OTEL_TRACES_EXPORTER", "none")],
                "spans go nowhere, as OTEL_TRACES_EXPORTER says",
            ),
            (
                vec![general, ("OTEL_TRACES_EXPORTER", "console, otlp")],
                "spans go to http://127.0.0.1:4317 (OTEL_EXPORTER_OTLP_ENDPOINT)",
            ),
        ];
        for (variables, said) in table {
            let destination = Destination::read(|name| {
                let found = variables.iter().find(|(known, _)| *known == name)?;
                Some(found.1.to_owned())
            });
            assert_eq!(destination.to_string(), said, "{variables:?}");
        }
    }
}
