//! A program's own use of rustls works as it does without telemetry.

use std::error::Error;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;

fn main() -> Result<(), Box<dyn Error>> {
    // The endpoint is https, so that our TLS configurations are built.
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::from_secs(1))
        .init()?;
    if CryptoProvider::get_default().is_some() {
        return Err("telemetry has installed a provider for everybody".into());
    }
    if cfg!(feature = "none") {
        println!("no provider was installed");
        return Ok(());
    }
    // Panics if there are two crypto providers, or none.
    let config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let suites = &config.crypto_provider().cipher_suites;
    println!("{} suites by the provider of rustls", suites.len());
    // Nothing listens there. It is enough that a connection was tried.
    drop(telemetry.shutdown());
    Ok(())
}
