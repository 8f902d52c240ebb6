//! The files that `OTEL_EXPORTER_OTLP_CERTIFICATE`, `_CLIENT_CERTIFICATE` and `_CLIENT_KEY` name.

use std::fs;

use otel_otlp_exporter::Tls;

use crate::environment::Environment;
use crate::error::InitError;
use crate::signal::Signal;

/// Whom the signal's exporter trusts, and who it is. An error is what would make the connection
/// less safe than asked for.
pub(crate) fn certificates(environment: &Environment, signal: Signal) -> Result<Tls, InitError> {
    let read = |setting| File::read(environment, signal, setting);
    let tls = match read("CERTIFICATE")? {
        Some(file) => Tls::from_pem(&file.content).map_err(|error| file.unusable(signal, error))?,
        None => Tls::from_system(),
    };
    let missing = |variable: &str, what: &str| {
        InitError::of(
            signal,
            format_args!("{variable} is set, and the {what} is not"),
        )
    };
    match (read("CLIENT_CERTIFICATE")?, read("CLIENT_KEY")?) {
        (None, None) => Ok(tls),
        (Some(certificate), Some(key)) => tls
            .client(&certificate.content, &key.content)
            .map_err(|error| key.unusable(signal, error)),
        (Some(File { variable, .. }), None) => Err(missing(&variable, "key that belongs to it")),
        (None, Some(File { variable, .. })) => Err(missing(&variable, "certificate it belongs to")),
    }
}

struct File {
    variable: String,
    content: Vec<u8>,
}

impl File {
    fn read(
        environment: &Environment,
        signal: Signal,
        setting: &str,
    ) -> Result<Option<Self>, InitError> {
        let names = signal.otlp_variables(setting);
        let Some((variable, path)) = environment.first(&names) else {
            return Ok(None);
        };
        let variable = format!("{variable}={path:?}");
        match fs::read(&path) {
            Ok(content) => Ok(Some(Self { variable, content })),
            Err(error) => {
                let text = format!("{variable}: {error}");
                Err(InitError::because(signal, text, error))
            }
        }
    }

    fn unusable(&self, signal: Signal, error: otel_otlp_exporter::BuildError) -> InitError {
        let text = format!("{}: {error}", self.variable);
        InitError::because(signal, text, error)
    }
}
