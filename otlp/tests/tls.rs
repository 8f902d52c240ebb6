//! `https`, against a server that uses rustls's own cryptography.

#![cfg(feature = "tls")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::time::Duration;

use otel_otlp_exporter::Protocol;
use otel_otlp_exporter::Tls;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use support::Subject;
use support::spans;
use support::tls::Authority;
use support::tls::Terminator;

#[test]
fn spans_arrive_over_every_suite_by_both_protocols() {
    let authority = Authority::new();
    for suite in ring::default_provider().cipher_suites {
        let name = format!("{suite:?}");
        let key = if name.contains("_RSA_") { RSA } else { P256 };
        for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
            let terminator = Terminator {
                suite: Some(suite),
                ..terminator(&authority, key, protocol)
            };
            let subject = |tls, patience| {
                move |address: std::net::SocketAddr| {
                    Subject::new(protocol, &endpoint(protocol, address), |builder| {
                        builder.tls(tls).patience(patience)
                    })
                }
            };
            let tls = Tls::from_pem(authority.pem().as_bytes()).unwrap();
            let arrived = arrived(protocol, terminator, subject(tls, Duration::from_secs(30)));
            // Several records each way, because a batch is larger than one.
            assert_eq!(arrived, Ok(512), "{name} {protocol:?}");
        }
    }
}

#[test]
fn certificate_that_nobody_trusts_is_named() {
    let (authority, other) = (Authority::new(), Authority::new());
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let tls = Tls::from_pem(other.pem().as_bytes()).unwrap();
        let error = arrived(
            protocol,
            terminator(&authority, P256, protocol),
            |address| {
                Subject::new(protocol, &endpoint(protocol, address), |builder| {
                    builder.tls(tls).patience(Duration::ZERO)
                })
            },
        );
        let expected = "Operation failed: the receiver's certificate is not trusted: ";
        assert!(
            error.clone().unwrap_err().starts_with(expected),
            "{error:?}"
        );
        assert!(error.unwrap_err().ends_with("(512 lost)"));
    }
}

#[test]
fn receiver_that_offers_http1_only_is_told_from_one_that_is_away() {
    let authority = Authority::new();
    let terminator = terminator(&authority, P256, Protocol::HttpProtobuf);
    let error = arrived(Protocol::HttpProtobuf, terminator, |address| {
        let endpoint = format!("https://{address}");
        Subject::new(Protocol::Grpc, &endpoint, |builder| {
            builder.tls(Tls::from_pem(authority.pem().as_bytes()).unwrap())
        })
    });
    assert_eq!(
        error.unwrap_err(),
        "Operation failed: the endpoint does not speak gRPC (HTTP/2 over TLS) (512 lost)"
    );
}

#[test]
fn receiver_may_ask_who_the_exporter_is() {
    let authority = Authority::new();
    let protocol = Protocol::HttpProtobuf;
    for (key, pkcs8) in [
        (P256, P256),
        (P256_SEC1, P256),
        (P384, P384),
        (P384_SEC1, P384),
        (ED25519, ED25519),
        (RSA, RSA),
        (RSA_PKCS1, RSA),
    ] {
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let suites = ring::default_provider().cipher_suites;
            let mut suites = suites
                .into_iter()
                .filter(|suite| suite.version() == version);
            let terminator = Terminator {
                suite: suites.find(|suite| !format!("{suite:?}").contains("_RSA_")),
                asks_clients: true,
                ..terminator(&authority, P256, protocol)
            };
            let arrived = arrived(protocol, terminator, |address| {
                let tls = Tls::from_pem(authority.pem().as_bytes()).unwrap();
                let certificate = authority.certify(pkcs8);
                let tls = tls.client(certificate.as_bytes(), key.as_bytes()).unwrap();
                Subject::new(protocol, &endpoint(protocol, address), |builder| {
                    builder.tls(tls)
                })
            });
            assert_eq!(arrived, Ok(512), "{key} {version:?}");
        }
    }
}

#[test]
fn receiver_that_is_not_told_who_the_exporter_is_refuses_it() {
    let authority = Authority::new();
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let terminator = Terminator {
            asks_clients: true,
            ..terminator(&authority, P256, protocol)
        };
        let tls = Tls::from_pem(authority.pem().as_bytes()).unwrap();
        let error = arrived(protocol, terminator, |address| {
            Subject::new(protocol, &endpoint(protocol, address), |builder| {
                builder.tls(tls).patience(Duration::ZERO)
            })
        });
        // In TLS 1.3 the client has finished before the server looks, and may see it go first.
        let error = error.unwrap_err();
        let known = [
            "CertificateRequired",
            "connection was closed",
            "connection reset",
        ];
        assert!(known.iter().any(|known| error.contains(known)), "{error}");
    }
}

#[test]
fn plain_endpoint_is_recognised() {
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let receiver = support::http::Receiver::start([]);
        let subject = Subject::new(protocol, &endpoint(protocol, receiver.address), |builder| {
            builder.patience(Duration::ZERO)
        });
        let error = subject.export(spans(5, 10)).unwrap_err().to_string();
        assert_eq!(
            error,
            "Operation failed: the endpoint does not speak TLS, and its URL says https (5 lost)"
        );
    }
}

#[test]
fn key_of_another_certificate_is_an_error_with_its_source() {
    let authority = Authority::new();
    let certificate = authority.certify(P256);
    let error = Tls::from_system()
        .client(certificate.as_bytes(), P384.as_bytes())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key cannot be used with the certificate"
    );
    assert!(std::error::Error::source(&error).is_some());
    for (certificate, key) in [("", P256), (certificate.as_str(), "")] {
        assert!(
            Tls::from_system()
                .client(certificate.as_bytes(), key.as_bytes())
                .is_err()
        );
    }
}

#[test]
fn defaults_of_others_are_as_they_were() {
    let subject = Subject::new(Protocol::Grpc, "https://127.0.0.1:1", |builder| {
        builder.tls(Tls::from_system()).patience(Duration::ZERO)
    });
    subject.export(spans(1, 1)).unwrap_err();
    assert!(CryptoProvider::get_default().is_none());
    // It panics if there are two providers, or none.
    let _ = ClientConfig::builder();
}

/// How many spans arrive through TLS, or the error.
fn arrived(
    protocol: Protocol,
    terminator: Terminator<'_>,
    subject: impl FnOnce(std::net::SocketAddr) -> Subject,
) -> Result<usize, String> {
    let (grpc, http) = match protocol {
        Protocol::Grpc => (Some(support::grpc::Receiver::start([])), None),
        _ => (None, Some(support::http::Receiver::start([]))),
    };
    let receiver = grpc.as_ref().map(|receiver| receiver.address);
    let receiver = receiver.or_else(|| Some(http.as_ref()?.address)).unwrap();
    let (address, runtime) = terminator.start(receiver);
    let exported = subject(address).export(spans(512, 200));
    runtime.shutdown_background();
    exported.map_err(|error| error.to_string())?;
    let spans = grpc.as_ref().map(|receiver| receiver.accepted.spans());
    Ok(spans
        .or_else(|| Some(http.as_ref()?.accepted.spans()))
        .unwrap())
}

fn terminator<'a>(authority: &'a Authority, key: &'a str, protocol: Protocol) -> Terminator<'a> {
    Terminator {
        authority,
        key,
        suite: None,
        asks_clients: false,
        protocol: match protocol {
            Protocol::Grpc => b"h2",
            _ => b"http/1.1",
        },
    }
}

fn endpoint(protocol: Protocol, address: std::net::SocketAddr) -> String {
    match protocol {
        Protocol::Grpc => format!("https://{address}"),
        _ => format!("https://{address}/v1/traces"),
    }
}

// Made for these tests only.
const RSA: &str = include_str!("keys/rsa.pkcs8.pem");
const RSA_PKCS1: &str = include_str!("keys/rsa.pkcs1.pem");
const P256: &str = include_str!("keys/p256.pkcs8.pem");
const P256_SEC1: &str = include_str!("keys/p256.sec1.pem");
const P384: &str = include_str!("keys/p384.pkcs8.pem");
const P384_SEC1: &str = include_str!("keys/p384.sec1.pem");
const ED25519: &str = include_str!("keys/ed25519.pkcs8.pem");
