//! Certificates for `https`: the system's roots or one's own, and a client's identity.

use std::{
    fmt::{self, Display},
    fs,
    time::Duration,
};

use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use opentelemetry_http::{HttpClient, hyper::HyperClient};
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{environment::Environment, error::InitError, signal::Signal};

/// The files of one signal, in PEM.
#[derive(Debug)]
pub(crate) struct Tls {
    /// Instead of the system's roots.
    roots: Option<File>,
    client: Option<Client>,
}

#[derive(Debug)]
struct Client {
    certificate: File,
    key: File,
}

struct File {
    variable: String,
    content: Vec<u8>,
}

impl Tls {
    /// `OTEL_EXPORTER_OTLP_CERTIFICATE`, `_CLIENT_CERTIFICATE` and `_CLIENT_KEY`. An error is
    /// what would make the connection less safe than asked for.
    pub(crate) fn read(environment: &Environment, signal: Signal) -> Result<Self, InitError> {
        let read = |setting| File::read(environment, &signal.otlp_variables(setting));
        let client = match (read("CLIENT_CERTIFICATE")?, read("CLIENT_KEY")?) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(Client { certificate, key }),
            (Some(File { variable, .. }), None) => {
                let text = format!("{variable} is set, and the key that belongs to it is not");
                return Err(InitError::new(text));
            }
            (None, Some(File { variable, .. })) => {
                let text = format!("{variable} is set, and the certificate it belongs to is not");
                return Err(InitError::new(text));
            }
        };
        let tls = Self {
            roots: read("CERTIFICATE")?,
            client,
        };
        // tonic would tell of an unreadable file only by exports that fail.
        tls.config()?;
        Ok(tls)
    }

    pub(crate) fn grpc(&self) -> ClientTlsConfig {
        let config = ClientTlsConfig::new();
        let config = match &self.roots {
            Some(roots) => config.ca_certificate(Certificate::from_pem(&roots.content)),
            None => config.with_enabled_roots(),
        };
        match &self.client {
            Some(Client { certificate, key }) => {
                config.identity(Identity::from_pem(&certificate.content, &key.content))
            }
            None => config,
        }
    }

    pub(crate) fn http(&self, timeout: Duration) -> Result<impl HttpClient + use<>, InitError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(self.config()?)
            .https_only()
            .enable_http1()
            .build();
        Ok(HyperClient::new(connector, timeout, None))
    }

    fn config(&self) -> Result<ClientConfig, InitError> {
        let builder = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(InitError::new)?;
        let builder = match &self.roots {
            Some(roots) => builder.with_root_certificates(roots.roots()?),
            None => builder.with_native_roots().map_err(|error| {
                InitError::new(format_args!("the system has no certificates: {error}"))
            })?,
        };
        match &self.client {
            None => Ok(builder.with_no_client_auth()),
            Some(Client { certificate, key }) => builder
                .with_client_auth_cert(certificate.certificates()?, key.key()?)
                .map_err(|error| key.unusable(&error)),
        }
    }
}

impl File {
    fn read(environment: &Environment, names: &[String]) -> Result<Option<Self>, InitError> {
        let Some((variable, path)) = environment.first(names) else {
            return Ok(None);
        };
        match fs::read(&path) {
            Ok(content) => Ok(Some(Self {
                variable: format!("{variable}={path:?}"),
                content,
            })),
            Err(error) => Err(InitError::new(format_args!("{variable}={path:?}: {error}"))),
        }
    }

    fn roots(&self) -> Result<RootCertStore, InitError> {
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates()? {
            roots
                .add(certificate)
                .map_err(|error| self.unusable(&error))?;
        }
        Ok(roots)
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, InitError> {
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(&self.content).collect();
        match certificates {
            Ok(certificates) if certificates.is_empty() => {
                Err(self.unusable(&"it holds no certificate"))
            }
            Ok(certificates) => Ok(certificates),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, InitError> {
        PrivateKeyDer::from_pem_slice(&self.content).map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &dyn Display) -> InitError {
        InitError::new(format_args!("{}: {error}", self.variable))
    }
}

/// Without the content: it may be a key.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(&self.variable).finish()
    }
}
