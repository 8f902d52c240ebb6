//! What `RUST_LOG` says.

use std::str::FromStr;

use tracing::Metadata;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;

use crate::environment::Environment;

/// The directives of `RUST_LOG`, and unless these speak of it, no chatter of the SDK's.
#[derive(Clone, Debug)]
pub(crate) struct Directives(String);

impl Directives {
    /// Those of the environment, or else the application's.
    pub(crate) fn new(environment: &Environment, default: &str) -> Self {
        let default = usable(environment, "default_directives", default).unwrap_or(DEFAULT);
        let value = environment.text(RUST_LOG);
        let value = value.as_deref();
        let directives = value
            .and_then(|value| usable(environment, RUST_LOG, value))
            .unwrap_or(default);
        Self(match directives.contains("opentelemetry") {
            true => directives.to_owned(),
            false => format!("{directives},opentelemetry=warn"),
        })
    }

    /// The filter of a whole subscriber: of events, and of spans finer than [`SPANS`].
    pub(crate) fn filter(&self) -> DirectivesFilter {
        DirectivesFilter {
            filter: EnvFilter::new(&self.0),
            is_dynamic: self.0.contains('['),
        }
    }

    /// Those that are about targets and levels, not about spans or fields.
    pub(crate) fn statics(&self) -> Statics {
        Statics(targets(&self.0))
    }
}

/// What can be said of a callsite once and for all.
#[derive(Clone, Debug)]
pub(crate) struct Statics(Targets);

impl Statics {
    /// Spans from [`SPANS`] on, and what the directives add.
    pub(crate) fn takes(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && *metadata.level() <= SPANS
            || self.0.would_enable(metadata.target(), metadata.level())
    }

    /// The finest level that is taken anywhere.
    pub(crate) fn level(&self) -> LevelFilter {
        let levels = self.0.iter().map(|(_, level)| level);
        levels.chain(self.0.default_level()).fold(SPANS, Ord::max)
    }
}

/// One filter for lines, records and spans, so that no layer needs one of its own: those cost more
/// than a line of text, and lose a span after each `log_enabled!` (tokio-rs/tracing#2519).
///
/// Quieter logs must not tear traces apart: it adds spans, and takes none away from [`SPANS`] on.
#[derive(Debug)]
pub(crate) struct DirectivesFilter {
    filter: EnvFilter,
    /// Some directives are about spans or fields, which have to be followed.
    is_dynamic: bool,
}

impl<S: Subscriber> Layer<S> for DirectivesFilter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = Layer::<S>::register_callsite(&self.filter, metadata);
        match metadata.is_span() && *metadata.level() <= SPANS {
            true => Interest::always(),
            false => interest,
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, cx: Context<'_, S>) -> bool {
        metadata.is_span() && *metadata.level() <= SPANS || self.filter.enabled(metadata, cx)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.max_level_hint()?.max(SPANS))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_new_span(attributes, id, cx);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_record(id, values, cx);
        }
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_enter(id, cx);
        }
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_exit(id, cx);
        }
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_close(id, cx);
        }
    }
}

/// The directives, unless they cannot be read, which is warned about.
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

/// The directives that name no span: for others, only an `EnvFilter` knows what is entered.
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

/// The level from which on spans are there whatever `RUST_LOG` says.
const SPANS: LevelFilter = LevelFilter::INFO;
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
            assert_eq!(Directives::new(&environment, DEFAULT).0, expected);
            assert_eq!(said(environment).len(), warnings, "{value:?}");
        }
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
            assert_eq!(Directives::new(&environment, default).0, expected);
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
