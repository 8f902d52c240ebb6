//! The cryptography of TLS, from *ring*, without enabling it for other crates.
//!
//! rustls has it behind its feature `ring`. But features apply to the whole program: if another
//! crate enables the other provider, `ClientConfig::builder()` panics for every user that relies on
//! a single provider. So rustls is used with neither feature, and this module does what its own
//! provider does, as far as a client needs it.

mod cipher;
mod digest;
mod key_exchange;
mod signing;
mod suites;
mod tls12;
mod tls13;
mod verification;

use std::sync::Arc;

use ring::rand::SecureRandom as _;
use ring::rand::SystemRandom;
use rustls::Error;
use rustls::crypto::CryptoProvider;
use rustls::crypto::GetRandomFailed;
use rustls::crypto::KeyProvider;
use rustls::crypto::SecureRandom;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

/// The algorithms of rustls's own provider, in the same order.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: suites::ALL.to_vec(),
        kx_groups: key_exchange::ALL.to_vec(),
        signature_verification_algorithms: verification::ALGORITHMS,
        secure_random: &Ring,
        key_provider: &Ring,
    }
}

#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        SystemRandom::new()
            .fill(buffer)
            .map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        signing::key(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_what_the_provider_of_rustls_offers() {
        let (own, theirs) = (provider(), rustls::crypto::ring::default_provider());
        let suites = |provider: &CryptoProvider| {
            let suites = provider.cipher_suites.iter();
            suites
                .map(rustls::SupportedCipherSuite::suite)
                .collect::<Vec<_>>()
        };
        assert_eq!(suites(&own), suites(&theirs));
        let groups = |provider: &CryptoProvider| {
            let groups = provider.kx_groups.iter();
            groups.map(|group| group.name()).collect::<Vec<_>>()
        };
        assert_eq!(groups(&own), groups(&theirs));
        let schemes = |provider: &CryptoProvider| {
            let algorithms = provider.signature_verification_algorithms;
            algorithms.supported_schemes()
        };
        assert_eq!(schemes(&own), schemes(&theirs));
        assert_eq!(
            own.signature_verification_algorithms.all.len(),
            theirs.signature_verification_algorithms.all.len()
        );
    }
}
