//! What others do with rustls works as if there were no telemetry.

use std::error::Error;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;

fn main() -> Result<(), Box<dyn Error>> {
    // To an endpoint that is https, so that there are configurations of ours.
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
    // Panics where there are two providers, or none.
    let config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let suites = &config.crypto_provider().cipher_suites;
    println!("{} suites by the provider of rustls", suites.len());
    // Nobody listens there; what counts is that it was tried.
    drop(telemetry.shutdown());
    Ok(())
}
