//! Certificate files, named by `OTEL_EXPORTER_OTLP_CERTIFICATE`, `_CLIENT_CERTIFICATE` and
//! `_CLIENT_KEY`, or by the configuration file.

use std::fs;

use otel_otlp_exporter::Tls;

use crate::environment::Environment;
use crate::error::InitError;
use crate::signal::Signal;

/// The certificate files of one exporter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates {
    pub(crate) roots: Option<Path>,
    pub(crate) certificate: Option<Path>,
    pub(crate) key: Option<Path>,
}

/// A path, and the setting that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// `OTEL_EXPORTER_OTLP_CERTIFICATE="/ca.pem"`
    pub(crate) label: String,
    pub(crate) path: String,
}

impl Certificates {
    /// Reads the variables of the signal.
    pub(crate) fn read(environment: &Environment, signal: Signal) -> Self {
        let path = |setting| {
            let names = signal.otlp_variables(setting);
            let (variable, path) = environment.first(&names)?;
            let label = format!("{variable}={path:?}");
            Some(Path { label, path })
        };
        Self {
            roots: path("CERTIFICATE"),
            certificate: path("CLIENT_CERTIFICATE"),
            key: path("CLIENT_KEY"),
        }
    }

    /// The trusted certificates of the signal's exporter, and its own. Returns an error if the
    /// connection would be less safe than asked for.
    pub(crate) fn tls(&self, signal: Signal) -> Result<Tls, InitError> {
        let tls = match read(self.roots.as_ref(), signal)? {
            Some(file) => {
                Tls::from_pem(&file.content).map_err(|error| file.unusable(signal, error))?
            }
            None => Tls::from_system(),
        };
        let missing = |file: &File<'_>, what: &str| {
            let label = file.label;
            InitError::of(
                signal,
                format_args!("{label} is set, and the {what} is not"),
            )
        };
        match (
            read(self.certificate.as_ref(), signal)?,
            read(self.key.as_ref(), signal)?,
        ) {
            (None, None) => Ok(tls),
            (Some(certificate), Some(key)) => tls
                .client(&certificate.content, &key.content)
                .map_err(|error| key.unusable(signal, error)),
            (Some(file), None) => Err(missing(&file, "key that belongs to it")),
            (None, Some(file)) => Err(missing(&file, "certificate it belongs to")),
        }
    }
}

struct File<'a> {
    label: &'a str,
    content: Vec<u8>,
}

fn read(path: Option<&Path>, signal: Signal) -> Result<Option<File<'_>>, InitError> {
    path.map(|path| path.read(signal)).transpose()
}

impl Path {
    fn read(&self, signal: Signal) -> Result<File<'_>, InitError> {
        let label = &self.label;
        match fs::read(&self.path) {
            Ok(content) => Ok(File { label, content }),
            Err(error) => {
                let text = format!("{label}: {error}");
                Err(InitError::because(signal, text, error))
            }
        }
    }
}

impl File<'_> {
    fn unusable(&self, signal: Signal, error: otel_otlp_exporter::BuildError) -> InitError {
        let text = format!("{}: {error}", self.label);
        InitError::because(signal, text, error)
    }
}
