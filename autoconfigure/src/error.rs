//! The two errors of telemetry: at the start and at the end.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::signal::Signal;

/// Why [`init`](crate::init) could not set up telemetry.
///
/// A malformed value is only a [`Warning`](crate::Warning). An error is something that a default
/// cannot solve: settings that contradict each other, an endpoint that cannot be exported to,
/// certificates that cannot be read, `https` without the feature `tls`, or a configuration file
/// that cannot be read or does not follow the schema. An error in the file begins with the file,
/// the line, the column and the key.
///
/// [`source`](Error::source) is the cause, if there is one.
#[derive(Clone, Debug)]
pub struct InitError {
    signal: Option<Signal>,
    text: String,
    source: Option<Source>,
}

type Source = Arc<dyn Error + Send + Sync>;

impl InitError {
    /// An error of one signal.
    pub(crate) fn of(signal: Signal, text: impl fmt::Display) -> Self {
        Self {
            signal: Some(signal),
            text: text.to_string(),
            source: None,
        }
    }

    /// An error of the configuration file.
    pub(crate) fn in_file(text: impl fmt::Display) -> Self {
        Self {
            signal: None,
            text: text.to_string(),
            source: None,
        }
    }

    /// An error with a cause.
    pub(crate) fn because(
        signal: Signal,
        text: impl fmt::Display,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            source: Some(Arc::new(source)),
            ..Self::of(signal, text)
        }
    }

    /// The exporter of the signal cannot be created.
    pub(crate) fn unmade(signal: Signal, error: otel_otlp_exporter::BuildError) -> Self {
        Self::because(signal, error.to_string(), error)
    }

    /// The reason, without the signal.
    pub(crate) fn reason(&self) -> &str {
        &self.text
    }

    /// The signal that the error is about: `traces`, `metrics` or `logs`. `None` if it is not about
    /// a single signal.
    #[must_use]
    pub fn signal(&self) -> Option<&'static str> {
        self.signal.map(Signal::name)
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("telemetry cannot be set up: ")?;
        if let Some(signal) = self.signal {
            write!(f, "{signal}: ")?;
        }
        f.write_str(&self.text)
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_deref()?)
    }
}

/// The signals whose data did not arrive in time.
///
/// [`Telemetry::shutdown`](crate::Telemetry::shutdown) and
/// [`Telemetry::flush`](crate::Telemetry::flush) return it. [`source`](Error::source) is the cause
/// for the first of the signals, if it is known.
#[derive(Clone, Debug)]
pub struct ShutdownError(Vec<Undelivered>);

/// What one signal did not deliver.
#[derive(Clone, Debug)]
pub(crate) struct Undelivered {
    pub(crate) signal: Signal,
    pub(crate) text: String,
    pub(crate) reason: Option<Source>,
}

impl Undelivered {
    pub(crate) fn new(signal: Signal, text: impl Into<String>) -> Self {
        Self {
            signal,
            text: text.into(),
            reason: None,
        }
    }
}

impl ShutdownError {
    /// An error, unless the list is empty.
    pub(crate) fn check(undelivered: Vec<Undelivered>) -> Result<(), Self> {
        match undelivered.is_empty() {
            true => Ok(()),
            false => Err(Self(undelivered)),
        }
    }

    /// The signals with undelivered data: `traces`, `metrics`, `logs`.
    pub fn signals(&self) -> impl Iterator<Item = &'static str> {
        let signals = Signal::ALL.into_iter();
        let signals = signals.filter(|signal| self.0.iter().any(|item| item.signal == *signal));
        signals.map(Signal::name)
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Undelivered { signal, text, .. }) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{signal}: {text}")?;
        }
        Ok(())
    }
}

impl Error for ShutdownError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let mut reasons = self.0.iter().filter_map(|item| item.reason.as_deref());
        Some(reasons.next()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_their_signal_and_their_source() {
        let source = std::io::Error::other("no such file");
        let error = InitError::because(Signal::Logs, "X=\"file\" cannot be read", source);
        assert_eq!(
            error.to_string(),
            "telemetry cannot be set up: logs: X=\"file\" cannot be read"
        );
        assert_eq!(error.signal(), Some("logs"));
        assert_eq!(error.source().unwrap().to_string(), "no such file");

        let refused = Arc::new(std::io::Error::other("refused"));
        let error = ShutdownError(vec![
            Undelivered::new(Signal::Metrics, "not done"),
            Undelivered {
                reason: Some(refused),
                ..Undelivered::new(Signal::Traces, "refused")
            },
        ]);
        assert_eq!(error.to_string(), "metrics: not done; traces: refused");
        assert_eq!(error.signals().collect::<Vec<_>>(), ["traces", "metrics"]);
        assert_eq!(error.source().unwrap().to_string(), "refused");
    }
}
