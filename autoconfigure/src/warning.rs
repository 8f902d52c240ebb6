//! A warning about a setting that does not mean what its author intended.

use std::fmt;

/// A value in the environment or in the configuration file that could not be used, and what is used
/// instead.
///
/// [`init`](crate::init) logs each warning once, and
/// [`Telemetry::warnings`](crate::Telemetry::warnings) returns all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    variable: String,
    text: String,
}

impl Warning {
    pub(crate) fn new(variable: impl Into<String>, text: impl fmt::Display) -> Self {
        let variable = variable.into();
        Self {
            text: format!("{variable}{text}"),
            variable,
        }
    }

    /// A warning about the file that the variable names; the text begins with the file.
    pub(crate) fn in_file(variable: &str, text: String) -> Self {
        let variable = variable.to_owned();
        Self { variable, text }
    }

    /// The name of the environment variable; `OTEL_CONFIG_FILE` for the configuration file.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

/// `OTEL_BSP_SCHEDULE_DELAY="soon" is not a number of milliseconds that can be used; using 5000`
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
