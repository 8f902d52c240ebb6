//! The choice of formats by `OTEL_PROPAGATORS`.
//!
//! See <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use std::{env, sync::Once};

use opentelemetry::{otel_warn, propagation::TextMapPropagator};

use crate::{
    B3Propagator, BaggagePropagator, CompositePropagator, JaegerPropagator, TraceContextPropagator,
    XrayPropagator,
};

/// Creates the propagator that the environment variable `OTEL_PROPAGATORS` describes.
///
/// The value is a comma-separated list, read without regard to case:
///
/// | name | propagator |
/// |---|---|
/// | `tracecontext` | [`TraceContextPropagator`] |
/// | `baggage` | [`BaggagePropagator`] |
/// | `b3` | [`B3Propagator`], single header |
/// | `b3multi` | [`B3Propagator`], multiple headers |
/// | `jaeger` | [`JaegerPropagator`] (deprecated) |
/// | `xray` | [`XrayPropagator`] |
/// | `none` | no propagation at all, whatever else the list names |
///
/// If the variable is unset or empty, or names no known propagator, `tracecontext,baggage` applies.
/// A name that occurs twice counts once. Unknown names are ignored; the first call in a process
/// that finds any logs a warning through opentelemetry's own log, which the feature `internal-logs`
/// (on by default) sends to `tracing`.
///
/// [`extract`](crate::extract) and [`inject`](crate::inject) call this themselves when no global
/// propagator is set. Call it to set one, or to combine it with others.
///
/// ```
/// opentelemetry::global::set_text_map_propagator(otel_propagation::from_env());
/// ```
pub fn from_env() -> CompositePropagator {
    let list = env::var_os(VARIABLE).unwrap_or_default();
    let selection = Selection::parse(&list.to_string_lossy());
    if !selection.unknown.is_empty() {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            otel_warn!(
                name: "Propagators.Unknown",
                message = "OTEL_PROPAGATORS names propagators that are not known; they are ignored",
                unknown = selection.unknown.join(","),
            );
        });
    }
    CompositePropagator::new(selection.propagators)
}

/// The propagators that a list of names selects.
#[derive(Debug)]
struct Selection {
    propagators: Vec<Box<dyn TextMapPropagator + Send + Sync>>,
    unknown: Vec<String>,
}

impl Selection {
    fn parse(list: &str) -> Self {
        let names = names(list);
        let mut selection = Self {
            propagators: Vec::new(),
            unknown: Vec::new(),
        };
        if names.iter().any(|name| name == "none") {
            return selection;
        }
        for name in names {
            match by_name(&name) {
                Some(propagator) => selection.propagators.push(propagator),
                None => selection.unknown.push(name),
            }
        }
        // A misspelt name must not switch propagation off.
        if selection.propagators.is_empty() {
            selection.propagators = DEFAULT.into_iter().filter_map(by_name).collect();
        }
        selection
    }
}

/// The names of a list in their order, in lower case, each once.
fn names(list: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in list.split(',').map(str::trim) {
        let name = name.to_ascii_lowercase();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The propagator with this name, in lower case. The names are those of [`from_env`] except `none`.
///
/// ```
/// assert!(otel_propagation::by_name("b3multi").is_some());
/// assert!(otel_propagation::by_name("none").is_none());
/// ```
pub fn by_name(name: &str) -> Option<Box<dyn TextMapPropagator + Send + Sync>> {
    Some(match name {
        "tracecontext" => Box::new(TraceContextPropagator::new()),
        "baggage" => Box::new(BaggagePropagator::new()),
        "b3" => Box::new(B3Propagator::new()),
        "b3multi" => Box::new(B3Propagator::multiple_headers()),
        "jaeger" => Box::new(JaegerPropagator::new()),
        "xray" => Box::new(XrayPropagator::new()),
        _ => return None,
    })
}

const VARIABLE: &str = "OTEL_PROPAGATORS";
const DEFAULT: [&str; 2] = ["tracecontext", "baggage"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_selects_propagators_in_order() {
        const W3C: &[&str] = &["traceparent", "tracestate", "baggage"];
        let cases: [(&str, &[&str], &[&str]); 13] = [
            ("", W3C, &[]),
            (" , ", W3C, &[]),
            ("tracecontext,baggage", W3C, &[]),
            ("baggage", &["baggage"], &[]),
            (
                "baggage,tracecontext",
                &["baggage", "traceparent", "tracestate"],
                &[],
            ),
            (" TraceContext ,\tBAGGAGE,", W3C, &[]),
            ("baggage,Baggage,baggage", &["baggage"], &[]),
            ("b3", &["b3"], &[]),
            (
                "b3multi",
                &["x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"],
                &[],
            ),
            ("xray,jaeger", &["x-amzn-trace-id", "uber-trace-id"], &[]),
            ("none", &[], &[]),
            ("tracecontext,NONE", &[], &[]),
            (
                "tracecontext,ottrace,Ottrace",
                &["traceparent", "tracestate"],
                &["ottrace"],
            ),
        ];
        for (list, fields, unknown) in cases {
            let selection = Selection::parse(list);
            assert_eq!(selection.unknown, unknown, "{list:?}");
            let propagator = CompositePropagator::new(selection.propagators);
            assert!(propagator.fields().eq(fields.iter().copied()), "{list:?}");
        }
    }

    #[test]
    fn list_without_a_known_name_selects_the_default() {
        let selection = Selection::parse("trace_context");

        assert_eq!(selection.unknown, ["trace_context"]);
        assert!(
            CompositePropagator::new(selection.propagators)
                .fields()
                .eq(["traceparent", "tracestate", "baggage"])
        );
    }
}
