//! Carriers for environment variables: to write for a child process, and to read in one.
//!
//! See <https://opentelemetry.io/docs/specs/otel/context/env-carriers/>.

use std::{borrow::Cow, collections::BTreeMap, env, ffi::OsString, fmt, process::Command};

use opentelemetry::propagation::{Extractor, Injector};

use super::lines::{OnlyLine, TRACEPARENT, TRACESTATE, is_removed};

/// Reads the context that the parent process left in the environment, such as `TRACEPARENT`.
///
/// Names are normalised before they are looked up: upper case, `_` for everything that is neither
/// letter nor digit, and one more `_` in front of a name that begins with a digit. Variables are
/// ignored if their name is not in that form or their value is not UTF-8.
///
/// The variables are copied when the carrier is created. Use it at the start of a program: it reads
/// the context of the process, the parent of everything that the process does.
///
/// `Debug` shows the names of the variables and none of their values.
///
/// ```
/// use opentelemetry::{Context, trace::TraceContextExt};
/// use otel_propagation::{EnvironmentExtractor, extract};
///
/// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let carrier = EnvironmentExtractor::new([("TRACEPARENT", parent), ("HOME", "/")]);
/// assert!(extract(&Context::new(), &carrier).span().span_context().is_sampled());
/// ```
#[derive(Clone)]
pub struct EnvironmentExtractor {
    variables: BTreeMap<String, String>,
}

impl EnvironmentExtractor {
    /// Creates a carrier of the given variables. If several have the same name, the last one
    /// counts.
    pub fn new(
        variables: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Self {
        let text = |(name, value): (_, _)| {
            let name = Into::<OsString>::into(name).into_string().ok()?;
            let value = Into::<OsString>::into(value).into_string().ok()?;
            (normalized(&name) == name).then_some((name, value))
        };
        Self {
            variables: variables.into_iter().filter_map(text).collect(),
        }
    }

    /// Creates a carrier of this process's variables, as they are now.
    pub fn current() -> Self {
        Self::new(env::vars_os())
    }

    fn variable(&self, key: &str) -> Option<&str> {
        let name = normalized(key);
        self.variables.get(name.as_ref()).map(String::as_str)
    }
}

impl Extractor for EnvironmentExtractor {
    fn get(&self, key: &str) -> Option<&str> {
        // Normalised, the key that asks for the only line would be the name of another variable.
        match OnlyLine::asked_for(key) {
            Some(key) => self
                .variable(key)
                .map_or(OnlyLine::Absent, OnlyLine::Line)
                .answer(),
            None => self.variable(key),
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.variables.keys().map(String::as_str).collect()
    }
}

impl fmt::Debug for EnvironmentExtractor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("EnvironmentExtractor")
            .field(&self.keys())
            .finish()
    }
}

/// Writes context to the environment of a process that is about to be started.
///
/// `tokio::process::Command` gives access to the inner command by `as_std_mut`. Names are
/// normalised as in [`EnvironmentExtractor`]. A value with a null character is skipped, because the
/// process would not start with it. An empty `traceparent`, `tracestate` or `baggage` removes the
/// variable, even one that the child would inherit.
///
/// A child inherits the variables of this process, `TRACEPARENT` included, even if nothing is
/// injected. Injecting a `TRACEPARENT` removes an old `TRACESTATE`, which is not inherited then
/// either. So set the `tracestate` after the `traceparent`.
///
/// ```
/// use std::process::Command;
///
/// use opentelemetry::{Context, KeyValue, baggage::BaggageExt};
/// use otel_propagation::{EnvironmentInjector, inject};
///
/// let context = Context::new().with_baggage([KeyValue::new("tenant", "acme")]);
/// let mut command = Command::new("worker");
/// inject(&context, &mut EnvironmentInjector(&mut command));
/// assert!(command.get_envs().eq([("BAGGAGE".as_ref(), Some("tenant=acme".as_ref()))]));
/// ```
pub struct EnvironmentInjector<'a>(pub &'a mut Command);

impl Injector for EnvironmentInjector<'_> {
    fn set(&mut self, key: &str, value: String) {
        if value.contains('\0') {
            return;
        }
        if key == TRACEPARENT.name {
            self.0.env_remove(normalized(TRACESTATE.name).as_ref());
        }
        let name = normalized(key);
        if is_removed(key, &value) {
            self.0.env_remove(name.as_ref());
        } else {
            self.0.env(name.as_ref(), value);
        }
    }
}

impl fmt::Debug for EnvironmentInjector<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The command's own `Debug` shows all variables with their values.
        formatter
            .debug_tuple("EnvironmentInjector")
            .field(&self.0.get_program())
            .finish()
    }
}

/// The name of the variable that carries a header.
fn normalized(key: &str) -> Cow<'_, str> {
    let is_normal = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let needs_prefix = !key.starts_with(|first: char| !first.is_ascii_digit());
    if key.bytes().all(is_normal) && !needs_prefix {
        return Cow::Borrowed(key);
    }
    let mut name = String::with_capacity(key.len() + 1);
    if needs_prefix {
        name.push('_');
    }
    name.extend(
        key.chars()
            .map(|character| match character.to_ascii_uppercase() {
                upper @ ('A'..='Z' | '0'..='9') => upper,
                _ => '_',
            }),
    );
    Cow::Owned(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalized() {
        let cases = [
            ("traceparent", "TRACEPARENT"),
            ("TraceState", "TRACESTATE"),
            ("BAGGAGE", "BAGGAGE"),
            ("x-b3-traceid", "X_B3_TRACEID"),
            ("a.b c/é", "A_B_C__"),
            ("_a_", "_A_"),
            ("3a", "_3A"),
            ("3", "_3"),
            ("", "_"),
        ];
        for (key, name) in cases {
            assert_eq!(normalized(key), name, "{key:?}");
            assert_eq!(normalized(name), name, "normal already: {name:?}");
        }
    }

    #[test]
    fn only_normal_names_with_text_are_read() {
        let carrier = EnvironmentExtractor::new([
            ("TRACEPARENT", "1"),
            ("traceparent", "2"),
            ("X_B3_TRACEID", "3"),
            ("3A", "4"),
            ("_3A", "5"),
            ("", "6"),
        ]);

        assert_eq!(carrier.keys(), ["TRACEPARENT", "X_B3_TRACEID", "_3A"]);
        assert_eq!(carrier.get("traceparent"), Some("1"));
        assert_eq!(carrier.get("x-b3-traceid"), Some("3"));
        assert_eq!(carrier.get("3a"), Some("5"));
        assert_eq!(carrier.get(""), None);
        assert_eq!(carrier.get_all("traceparent"), Some(vec!["1"]));
        assert_eq!(carrier.get_all("tracestate"), None);
    }

    #[test]
    fn only_line_is_that_of_the_same_variable() {
        let carrier = EnvironmentExtractor::new([("_TRACEPARENT", "other"), ("BAGGAGE", "a=1")]);

        assert_eq!(carrier.get(":traceparent"), Some(""));
        assert_eq!(carrier.get(":baggage"), Some("a=1"));
    }

    #[cfg(unix)]
    #[test]
    fn value_that_is_not_text_is_invisible() {
        use std::os::unix::ffi::OsStringExt;

        let carrier = EnvironmentExtractor::new([("BAGGAGE", OsString::from_vec(vec![0xff]))]);

        assert_eq!(carrier.get("baggage"), None);
    }

    #[test]
    fn current_environment_is_read() {
        let carrier = EnvironmentExtractor::current();

        assert_eq!(carrier.get("path"), env::var("PATH").ok().as_deref());
    }

    #[test]
    fn set_replaces_and_skips_null_characters() {
        let mut command = Command::new("worker");
        let mut carrier = EnvironmentInjector(&mut command);

        carrier.set("x-b3-traceid", "1".to_owned());
        carrier.set("X-B3-TraceId", "2".to_owned());
        carrier.set("baggage", "a\0b".to_owned());

        assert!(
            command
                .get_envs()
                .eq([("X_B3_TRACEID".as_ref(), Some("2".as_ref()))])
        );
    }

    /// Neither a variable set before nor one inherited from this process is left.
    #[test]
    fn empty_header_that_says_nothing_is_removed() {
        let mut command = Command::new("worker");
        command.env("BAGGAGE", "a=1");
        let mut carrier = EnvironmentInjector(&mut command);

        carrier.set("baggage", String::new());
        carrier.set("uberctx-a", String::new());

        let variables = [
            ("BAGGAGE".as_ref(), None),
            ("UBERCTX_A".as_ref(), Some("".as_ref())),
        ];
        assert!(command.get_envs().eq(variables));
    }

    #[test]
    fn debug_shows_names_without_values() {
        let mut command = Command::new("worker");
        command.env("TOKEN", "secret");

        assert_eq!(
            format!("{:?}", EnvironmentExtractor::new([("TOKEN", "secret")])),
            r#"EnvironmentExtractor(["TOKEN"])"#
        );
        assert_eq!(
            format!("{:?}", EnvironmentInjector(&mut command)),
            r#"EnvironmentInjector("worker")"#
        );
    }
}
