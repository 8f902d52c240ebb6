//! The cipher suites that are offered.

use ring::aead;
use rustls::CipherSuite;
use rustls::CipherSuiteCommon;
use rustls::SignatureScheme;
use rustls::SupportedCipherSuite;
use rustls::Tls12CipherSuite;
use rustls::Tls13CipherSuite;
use rustls::crypto::KeyExchangeAlgorithm;
use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;

use super::digest::HMAC_SHA256;
use super::digest::HMAC_SHA384;
use super::digest::Hash;
use super::digest::SHA256;
use super::digest::SHA384;
use super::tls12::ChaCha;
use super::tls12::Gcm;
use super::tls13::Record;

pub(super) static ALL: &[SupportedCipherSuite] = &[
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: common(CipherSuite::TLS13_AES_256_GCM_SHA384, &SHA384, GCM_RECORDS),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA384),
        aead_alg: &Record(&aead::AES_256_GCM),
        quic: None,
    }),
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: common(CipherSuite::TLS13_AES_128_GCM_SHA256, &SHA256, GCM_RECORDS),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Record(&aead::AES_128_GCM),
        quic: None,
    }),
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: common(
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            &SHA256,
            u64::MAX,
        ),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Record(&aead::CHACHA20_POLY1305),
        quic: None,
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: common(
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            &SHA384,
            GCM_RECORDS,
        ),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: ECDSA,
        aead_alg: &Gcm(&aead::AES_256_GCM),
        prf_provider: &PrfUsingHmac(&HMAC_SHA384),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: common(
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            &SHA256,
            GCM_RECORDS,
        ),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: ECDSA,
        aead_alg: &Gcm(&aead::AES_128_GCM),
        prf_provider: &PrfUsingHmac(&HMAC_SHA256),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: common(
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            &SHA256,
            u64::MAX,
        ),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: ECDSA,
        aead_alg: &ChaCha,
        prf_provider: &PrfUsingHmac(&HMAC_SHA256),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: common(
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            &SHA384,
            GCM_RECORDS,
        ),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: RSA,
        aead_alg: &Gcm(&aead::AES_256_GCM),
        prf_provider: &PrfUsingHmac(&HMAC_SHA384),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: common(
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            &SHA256,
            GCM_RECORDS,
        ),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: RSA,
        aead_alg: &Gcm(&aead::AES_128_GCM),
        prf_provider: &PrfUsingHmac(&HMAC_SHA256),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: common(
            CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            &SHA256,
            u64::MAX,
        ),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: RSA,
        aead_alg: &ChaCha,
        prf_provider: &PrfUsingHmac(&HMAC_SHA256),
    }),
];

const fn common(suite: CipherSuite, hash: &'static Hash, records: u64) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite,
        hash_provider: hash,
        confidentiality_limit: records,
    }
}

/// The maximum number of records encrypted with one key.
const GCM_RECORDS: u64 = 1 << 24;
const ECDSA: &[SignatureScheme] = &[
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];
const RSA: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];
