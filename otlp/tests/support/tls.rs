//! TLS in front of a receiver, by rustls with its own crypto provider.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// An unknown certificate authority, and the certificates that it has signed.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of 127.0.0.1 for the key.
    pub(crate) fn certify(&self, key: &str) -> String {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::from_pem(key).unwrap();
        params.signed_by(&key, &self.0).unwrap().pem()
    }
}

/// What the server shows, and whom it accepts.
pub(crate) struct Terminator<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) key: &'a str,
    /// The only cipher suite that it accepts. By default it accepts all of them.
    pub(crate) suite: Option<SupportedCipherSuite>,
    /// Whether clients have to show a certificate of the authority.
    pub(crate) asks_clients: bool,
    pub(crate) protocol: &'static [u8],
}

impl Terminator<'_> {
    /// Forwards connections to the receiver until the runtime is dropped.
    pub(crate) fn start(self, receiver: SocketAddr) -> (SocketAddr, Runtime) {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(self.config()));
        runtime.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut plain = TcpStream::connect(receiver).await?;
                    let mut stream = acceptor.accept(stream).await?;
                    copy_bidirectional(&mut stream, &mut plain).await
                });
            }
        });
        (address, runtime)
    }

    fn config(self) -> ServerConfig {
        let mut provider: CryptoProvider = ring::default_provider();
        if let Some(suite) = self.suite {
            provider.cipher_suites = vec![suite];
        }
        let provider = Arc::new(provider);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = match self.suite {
            Some(suite) => ServerConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(&[suite.version()]),
            None => builder,
        };
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.authority.pem().as_bytes());
        roots.add(root.unwrap()).unwrap();
        let builder = builder.unwrap();
        let builder = match self.asks_clients {
            true => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            ),
            false => builder.with_no_client_auth(),
        };
        let certificate = self.authority.certify(self.key);
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = vec![self.protocol.to_vec()];
        config
    }
}
