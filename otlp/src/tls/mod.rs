//! Certificates for `https`.

mod provider;

use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;

use hyper_rustls::HttpsConnector;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::error::BuildError;
use crate::protocol::Protocol;

/// Which certificates are trusted, and the exporter's own certificate.
///
/// By default the system's roots are trusted, or Mozilla's if the system has none, and there is no
/// certificate of its own.
#[derive(Clone, Default)]
pub struct Tls {
    roots: Option<Arc<RootCertStore>>,
    is_bundled: bool,
    client: Option<Client>,
}

#[derive(Clone)]
struct Client {
    certificates: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
}

impl Tls {
    /// Trusts the system's roots, or Mozilla's if the system has none: the export then works even
    /// in an image without certificate files.
    #[must_use]
    pub fn from_system() -> Self {
        // Cached: there are hundreds of roots, and three signals read them.
        static SYSTEM: OnceLock<Tls> = OnceLock::new();
        SYSTEM.get_or_init(Self::read_system).clone()
    }

    /// Trusts the certificates of a PEM file, and no others.
    ///
    /// # Errors
    ///
    /// If the file has no certificate, or one that cannot be read.
    pub fn from_pem(roots: &[u8]) -> Result<Self, BuildError> {
        let mut store = RootCertStore::empty();
        for certificate in certificates(roots)? {
            store
                .add(certificate)
                .map_err(|error| BuildError::because("a certificate cannot be used", error))?;
        }
        Ok(Self {
            roots: Some(Arc::new(store)),
            ..Self::default()
        })
    }

    /// Sets the exporter's own certificate and its key, which the receiver can ask for. Both are in
    /// the PEM format. By default there is none.
    ///
    /// # Errors
    ///
    /// If one of them cannot be read, or if they do not belong together.
    pub fn client(mut self, certificate: &[u8], key: &[u8]) -> Result<Self, BuildError> {
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| BuildError::because("the key cannot be read", error))?;
        self.client = Some(Client {
            certificates: certificates(certificate)?,
            key: Arc::new(key),
        });
        self.config(RootCertStore::empty())?;
        Ok(self)
    }

    /// `true` if Mozilla's roots are trusted because the system has none.
    #[must_use]
    pub fn has_bundled_roots(&self) -> bool {
        self.is_bundled
    }

    /// Connections that are encrypted if the URL says `https`.
    pub(crate) fn connector(
        self,
        http: HttpConnector,
        protocol: Protocol,
        is_https: bool,
    ) -> Result<HttpsConnector<HttpConnector>, BuildError> {
        let tls = match (&self.roots, is_https) {
            (Some(_), _) => self,
            (None, true) => Self {
                client: self.client,
                ..Self::from_system()
            },
            // No certificate will be checked.
            (None, false) => Self {
                roots: Some(Arc::new(RootCertStore::empty())),
                ..self
            },
        };
        let roots = tls.roots.clone();
        let roots = roots.unwrap_or_else(|| Arc::new(RootCertStore::empty()));
        let config = tls.config(roots)?;
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http();
        Ok(match protocol {
            Protocol::Grpc => builder.enable_http2().wrap_connector(http),
            Protocol::HttpProtobuf => builder.enable_http1().wrap_connector(http),
        })
    }

    fn read_system() -> Self {
        let system = rustls_native_certs::load_native_certs();
        Self::with_roots(system.certs)
    }

    fn with_roots(system: Vec<CertificateDer<'static>>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system);
        let is_bundled = roots.is_empty();
        if is_bundled {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Self {
            roots: Some(Arc::new(roots)),
            is_bundled,
            client: None,
        }
    }

    fn config(&self, roots: impl Into<Arc<RootCertStore>>) -> Result<ClientConfig, BuildError> {
        let unusable = |error| BuildError::because("TLS cannot be used", error);
        let builder = ClientConfig::builder_with_provider(Arc::new(provider::provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(roots);
        match &self.client {
            None => Ok(builder.with_no_client_auth()),
            Some(Client { certificates, key }) => builder
                .with_client_auth_cert(certificates.clone(), key.clone_key())
                .map_err(|error| {
                    BuildError::because("the key cannot be used with the certificate", error)
                }),
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(BuildError::new("it holds no certificate"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(BuildError::because("the certificate cannot be read", error)),
    }
}

/// Leaves out the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("roots", &self.roots.as_ref().map(|roots| roots.len()))
            .field("is_bundled", &self.is_bundled)
            .field("has_client_certificate", &self.client.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_without_files_of_certificates_trusts_the_bundled_ones() {
        let unreadable = vec![CertificateDer::from(vec![1, 2, 3])];
        for system in [vec![], unreadable] {
            let tls = Tls::with_roots(system);
            assert!(tls.has_bundled_roots());
            assert!(tls.roots.unwrap().len() > 100);
        }
    }
}
