//! The directives of `RUST_LOG`.

use std::str::FromStr;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;

use crate::environment::Environment;

/// The directives of `RUST_LOG`. They silence the SDK's own messages, unless `RUST_LOG` mentions
/// them.
#[derive(Clone, Debug)]
pub(crate) struct Directives {
    /// The directives as written.
    said: String,
    /// The directives with our additions.
    all: String,
}

impl Directives {
    /// The directives of the environment, or the application's if there are none.
    pub(crate) fn new(environment: &Environment, default: &str, sqlx_events: bool) -> Self {
        let default = usable(environment, "default_directives", default).unwrap_or(DEFAULT);
        let value = environment.text(RUST_LOG);
        let value = value.as_deref();
        let directives = value
            .and_then(|value| usable(environment, RUST_LOG, value))
            .unwrap_or(default);
        let said = match directives.contains("opentelemetry") {
            true => directives.to_owned(),
            false => format!("{directives},opentelemetry=warn"),
        };
        let all = match sqlx_events {
            true => format!("{said},{SQLX_EVENT}=debug,{SQLX_MARKER}=debug"),
            // Nothing reads the marker.
            false => format!("{said},{SQLX_MARKER}=off"),
        };
        Self { said, all }
    }

    /// All directives, for an `EnvFilter`.
    pub(crate) fn all(&self) -> &str {
        &self.all
    }

    /// The directives about targets and levels, without those about spans or fields.
    pub(crate) fn statics(&self) -> Statics {
        Statics(targets(&self.all))
    }

    /// The same for the directives as written.
    pub(crate) fn said(&self) -> Statics {
        Statics(targets(&self.said))
    }
}

/// Says whether this is a span from [`SPANS`] on, which quieter logs must not take away.
pub(crate) fn is_always_taken(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= SPANS
}

/// The directives that can be decided once per callsite.
#[derive(Clone, Debug)]
pub(crate) struct Statics(Targets);

impl Statics {
    /// Accepts spans from [`SPANS`] on, and everything that the directives add.
    pub(crate) fn takes(&self, metadata: &Metadata<'_>) -> bool {
        is_always_taken(metadata) || self.0.would_enable(metadata.target(), metadata.level())
    }

    /// The finest level that is accepted anywhere.
    pub(crate) fn level(&self) -> LevelFilter {
        let levels = self.0.iter().map(|(_, level)| level);
        levels.chain(self.0.default_level()).fold(SPANS, Ord::max)
    }
}

/// The directives. `None`, with a warning, if they cannot be parsed.
fn usable<'a>(environment: &Environment, name: &str, directives: &'a str) -> Option<&'a str> {
    match EnvFilter::builder().parse(directives) {
        Ok(_) => Some(directives),
        Err(error) => {
            let what = format!("not a list of directives ({error})");
            environment.reject(name, directives, &what, DEFAULT);
            None
        }
    }
}

/// The directives that name no span: only an `EnvFilter` knows which spans are entered.
fn targets(directives: &str) -> Targets {
    let mut depth = 0_i32;
    let is_separator = |it: char| {
        depth += match it {
            '[' | '{' => 1,
            ']' | '}' => -1,
            _ => 0,
        };
        it == ',' && depth == 0
    };
    let statics: Vec<_> = directives
        .split(is_separator)
        .filter(|directive| !directive.contains('['))
        .map(str::trim)
        .collect();
    Targets::from_str(&statics.join(",")).unwrap_or_default()
}

/// Spans from this level on are always recorded, whatever `RUST_LOG` says.
pub(crate) const SPANS: LevelFilter = LevelFilter::INFO;
/// The target of the event that sqlx logs at the end of a statement.
pub(crate) const SQLX_EVENT: &str = "sqlx::query";
/// The target of the span around each statement of otel-middleware-sqlx.
pub(crate) const SQLX_MARKER: &str = "otel_middleware_sqlx::query";
const RUST_LOG: &str = "RUST_LOG";
pub(crate) const DEFAULT: &str = "info";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::{environment, said};
    use tracing::Level;

    #[test]
    fn directives_are_those_of_rust_log() {
        for (value, expected, warnings) in [
            ("", "info,opentelemetry=warn", 0),
            ("debug", "debug,opentelemetry=warn", 0),
            (
                "warn,opentelemetry_sdk=debug",
                "warn,opentelemetry_sdk=debug",
                0,
            ),
            ("shop=loud", "info,opentelemetry=warn", 1),
        ] {
            let environment = environment(&[(RUST_LOG, value)]);
            assert_eq!(Directives::new(&environment, DEFAULT, false).said, expected);
            assert_eq!(said(environment).len(), warnings, "{value:?}");
        }
    }

    #[test]
    fn events_of_sqlx_come_through_where_they_are_mapped() {
        for (sqlx_events, event, marker) in [(true, true, true), (false, false, false)] {
            for value in ["", "off", "sqlx=error"] {
                let environment = environment(&[(RUST_LOG, value)]);
                let directives = Directives::new(&environment, DEFAULT, sqlx_events);
                let Statics(targets) = directives.statics();
                let is_on = |target| targets.would_enable(target, &Level::DEBUG);
                assert_eq!(is_on(SQLX_EVENT), event, "{value:?}");
                assert_eq!(is_on(SQLX_MARKER), marker, "{value:?}");
                let Statics(said) = directives.said();
                assert!(!said.would_enable(SQLX_EVENT, &Level::DEBUG), "{value:?}");
            }
        }
        // The marker has a cost, and nothing reads it.
        let environment = environment(&[(RUST_LOG, "trace")]);
        let Statics(targets) = Directives::new(&environment, DEFAULT, false).statics();
        assert!(targets.would_enable(SQLX_EVENT, &Level::DEBUG));
        assert!(!targets.would_enable(SQLX_MARKER, &Level::ERROR));
    }

    #[test]
    fn an_application_has_its_own_default() {
        for (value, default, expected, warnings) in [
            (
                "",
                "warn,shop=debug",
                "warn,shop=debug,opentelemetry=warn",
                0,
            ),
            ("error", "warn,shop=debug", "error,opentelemetry=warn", 0),
            ("", "shop=loud", "info,opentelemetry=warn", 1),
        ] {
            let environment = environment(&[(RUST_LOG, value)]);
            assert_eq!(Directives::new(&environment, default, false).said, expected);
            assert_eq!(said(environment).len(), warnings, "{value:?}");
        }
    }

    #[test]
    fn directives_about_spans_are_not_about_targets() {
        for (directives, target, level, expected) in [
            ("info", "shop", Level::INFO, true),
            ("info", "shop", Level::DEBUG, false),
            ("warn,shop=debug", "shop::orders", Level::DEBUG, true),
            ("warn,shop=debug", "other", Level::INFO, false),
            ("off", "shop", Level::ERROR, false),
            ("shop", "shop", Level::TRACE, true),
            (
                "error, shop[order{id=7,new=true}]=trace,info",
                "shop",
                Level::INFO,
                true,
            ),
            (
                "error,shop[order{id=7,new=true}]=trace",
                "shop",
                Level::WARN,
                false,
            ),
        ] {
            let found = targets(directives).would_enable(target, &level);
            assert_eq!(found, expected, "{directives:?} {target} {level}");
        }
    }
}
