//! Reads variables as OpenTelemetry defines them: empty means unset, choices ignore case, and a
//! value that cannot be read causes a warning and is replaced by the default.
//!
//! See <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use std::cell::RefCell;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use crate::warning::Warning;

/// The environment, and the warnings about it.
pub(crate) struct Environment {
    variable: Box<Lookup>,
    warnings: RefCell<Vec<Warning>>,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        Self::new(|name| env::var_os(name))
    }

    /// The environment beside a configuration file: without OpenTelemetry's variables.
    pub(crate) fn beside_file() -> Self {
        Self::new(|name| match name.starts_with("OTEL_") {
            true => None,
            false => env::var_os(name),
        })
    }

    fn new(variable: impl Fn(&str) -> Option<OsString> + 'static) -> Self {
        Self {
            variable: Box::new(variable),
            warnings: RefCell::default(),
        }
    }

    pub(crate) fn warn(&self, variable: &str, text: impl fmt::Display) {
        let warning = Warning::new(variable, text);
        let mut warnings = self.warnings.borrow_mut();
        // A general variable is read once for each signal.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Adds warnings about the configuration file.
    pub(crate) fn warn_of_file(&self, warnings: impl IntoIterator<Item = Warning>) {
        self.warnings.borrow_mut().extend(warnings);
    }

    pub(crate) fn into_warnings(self) -> Vec<Warning> {
        self.warnings.into_inner()
    }

    /// The trimmed value. `None` if nothing is left.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match (self.variable)(name)?.into_string() {
            Ok(value) => Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
            Err(value) => {
                self.warn(name, format_args!("={value:?} is not Unicode; ignored"));
                None
            }
        }
    }

    /// The first of the variables that is set, with its name.
    pub(crate) fn first<'a>(&self, names: &'a [String]) -> Option<(&'a str, String)> {
        names
            .iter()
            .find_map(|name| Some((name.as_str(), self.text(name)?)))
    }

    /// Only `true` is true. A value that is missing or cannot be read is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let Some(value) = self.text(name) else {
            return false;
        };
        let is_true = value.eq_ignore_ascii_case("true");
        if !is_true && !value.eq_ignore_ascii_case("false") {
            self.reject(name, &value, "neither true nor false", "false");
        }
        is_true
    }

    /// A number of at least `least`.
    pub(crate) fn number(&self, name: &str, least: u32, default: u32) -> u32 {
        self.optional_number(name, least, &default)
            .unwrap_or(default)
    }

    /// A number of at least `least`; `default` is only the text for the warning.
    pub(crate) fn optional_number(
        &self,
        name: &str,
        least: u32,
        default: &dyn fmt::Display,
    ) -> Option<u32> {
        let value = self.text(name)?;
        let number = value.parse().ok().filter(|number| *number >= least);
        if number.is_none() {
            let expected = format!("not a whole number from {least} to {}", u32::MAX);
            self.reject(name, &value, &expected, default);
        }
        number
    }

    /// A number of milliseconds greater than zero, for the interval of a repetition.
    pub(crate) fn interval(&self, name: &str, default: Duration) -> Duration {
        let interval = self.millis(name, 1).unwrap_or_else(|value| {
            self.not_millis(name, &value, default.as_millis());
            None
        });
        interval.unwrap_or(default)
    }

    /// A number of milliseconds from the first variable that has one; zero means no limit.
    pub(crate) fn timeout(&self, names: &[String], default: Duration) -> Duration {
        self.optional_timeout(names, default.as_millis())
            .unwrap_or(default)
    }

    /// The same, if a variable has one; `default` is only the text for the warning.
    pub(crate) fn optional_timeout(
        &self,
        names: &[String],
        default: impl fmt::Display,
    ) -> Option<Duration> {
        for name in names {
            match self.millis(name, 0) {
                Ok(None) => {}
                Ok(Some(Duration::ZERO)) => return Some(NO_LIMIT),
                Ok(timeout) => return timeout,
                Err(value) => self.not_millis(name, &value, &default),
            }
        }
        None
    }

    fn millis(&self, name: &str, least: u32) -> Result<Option<Duration>, String> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        match value.parse::<u32>() {
            Ok(millis) if millis >= least => Ok(Some(Duration::from_millis(millis.into()))),
            _ => Err(value),
        }
    }

    fn not_millis(&self, name: &str, value: &str, default: impl fmt::Display) {
        let expected = "not a number of milliseconds that can be used";
        self.reject(name, value, expected, default);
    }

    /// The value in `choices` for the first variable that names one of them.
    pub(crate) fn choice<T: Clone>(
        &self,
        names: &[String],
        choices: &[(&str, T)],
        default: &str,
    ) -> Option<T> {
        for name in names {
            let Some(value) = self.text(name) else {
                continue;
            };
            let chosen = choices
                .iter()
                .find(|(known, _)| value.eq_ignore_ascii_case(known));
            match chosen {
                Some((_, chosen)) => return Some(chosen.clone()),
                None => self.reject(name, &value, &none_of(choices), default),
            }
        }
        None
    }

    /// Warns: `NAME="value" is <what>; using <default>`.
    pub(crate) fn reject(&self, name: &str, value: &str, what: &str, default: impl fmt::Display) {
        self.warn(name, format_args!("={value:?} is {what}; using {default}"));
    }
}

/// `none of grpc, http/protobuf`
pub(crate) fn none_of<T>(choices: &[(&str, T)]) -> String {
    let known: Vec<_> = choices.iter().map(|(known, _)| *known).collect();
    format!("none of {}", known.join(", "))
}

type Lookup = dyn Fn(&str) -> Option<OsString>;

/// Far longer than any export, and safe for arithmetic with clocks.
pub(crate) const NO_LIMIT: Duration = Duration::from_secs(u32::MAX as u64);

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An environment of only these variables.
    pub(crate) fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables: Vec<(String, OsString)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        Environment::new(move |name| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        })
    }

    /// The warnings as text.
    pub(crate) fn said(environment: Environment) -> Vec<String> {
        let warnings = environment.into_warnings();
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn flag_is_true_only_if_it_says_so() {
        let cases: [(&str, bool, &[&str]); 6] = [
            ("", false, &[]),
            ("true", true, &[]),
            (" TRUE ", true, &[]),
            ("False", false, &[]),
            (
                "1",
                false,
                &["X=\"1\" is neither true nor false; using false"],
            ),
            (
                "yes",
                false,
                &["X=\"yes\" is neither true nor false; using false"],
            ),
        ];
        for (value, expected, warnings) in cases {
            let environment = environment(&[("X", value)]);
            assert_eq!(environment.flag("X"), expected, "{value:?}");
            assert_eq!(said(environment), warnings, "{value:?}");
        }
    }

    #[test]
    fn number_outside_its_bounds_is_replaced_by_the_default() {
        for (value, expected, warned) in [
            ("", 7, false),
            (" 12 ", 12, false),
            ("1", 1, false),
            ("0", 7, true),
            ("-1", 7, true),
            ("4294967296", 7, true),
            ("many", 7, true),
            ("1.5", 7, true),
        ] {
            let environment = environment(&[("X", value)]);
            assert_eq!(environment.number("X", 1, 7), expected, "{value:?}");
            assert_eq!(said(environment).len(), usize::from(warned), "{value:?}");
        }
    }

    #[test]
    fn interval_is_never_zero() {
        for (value, expected) in [("250", 250), ("0", 5_000), ("5s", 5_000), ("", 5_000)] {
            let environment = environment(&[("X", value)]);
            let interval = environment.interval("X", Duration::from_secs(5));
            assert_eq!(interval, Duration::from_millis(expected), "{value:?}");
        }
    }

    #[test]
    fn timeout_is_taken_from_the_first_variable_that_has_one() {
        let names = ["SIGNAL".to_owned(), "GENERAL".to_owned()];
        for (signal, general, expected) in [
            ("", "", Duration::from_secs(10)),
            ("1", "2", Duration::from_millis(1)),
            ("", "2", Duration::from_millis(2)),
            ("soon", "2", Duration::from_millis(2)),
            ("0", "2", NO_LIMIT),
        ] {
            let environment = environment(&[("SIGNAL", signal), ("GENERAL", general)]);
            let timeout = environment.timeout(&names, Duration::from_secs(10));
            assert_eq!(timeout, expected, "{signal:?} {general:?}");
        }
    }

    #[test]
    fn same_warning_is_given_once() {
        let environment = environment(&[("X", "?")]);
        environment.flag("X");
        environment.flag("X");
        assert_eq!(environment.into_warnings().len(), 1);
    }
}
