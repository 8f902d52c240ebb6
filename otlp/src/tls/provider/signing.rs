//! Signatures that prove the exporter's identity, with keys of RSA, ECDSA and Ed25519.

use std::fmt;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature;
use ring::signature::EcdsaKeyPair;
use ring::signature::EcdsaSigningAlgorithm;
use ring::signature::Ed25519KeyPair;
use ring::signature::RsaEncoding;
use ring::signature::RsaKeyPair;
use rustls::Error;
use rustls::SignatureAlgorithm;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::alg_id;
use rustls::sign::Signer;
use rustls::sign::SigningKey;
use rustls::sign::public_key_to_spki;

/// Reads a key of any of these kinds.
pub(super) fn key(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    let pair = rsa(der)
        .or_else(|| ecdsa(der, &P256))
        .or_else(|| ecdsa(der, &P384))
        .or_else(|| ed25519(der));
    match pair {
        Some(pair) => Ok(Arc::new(Key(Arc::new(pair)))),
        None => Err(Error::General("no key of RSA, ECDSA or Ed25519".to_owned())),
    }
}

/// A key that signs with each of its schemes.
#[derive(Debug)]
struct Key(Arc<Pair>);

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair, &'static Curve),
    Ed25519(Ed25519KeyPair),
}

/// The differences between the curves of ECDSA.
struct Curve {
    scheme: SignatureScheme,
    algorithm: &'static EcdsaSigningAlgorithm,
    id: rustls::pki_types::AlgorithmIdentifier,
    /// Version and algorithm, with which a PKCS#8 key begins.
    prefix: &'static [u8],
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let schemes = self.0.schemes().iter();
        let scheme = *schemes
            .copied()
            .find(|scheme| offered.contains(scheme))
            .as_ref()?;
        let pair = Arc::clone(&self.0);
        Some(Box::new(Scheme { pair, scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        use ring::signature::KeyPair as _;
        Some(match &*self.0 {
            Pair::Rsa(pair) => public_key_to_spki(&alg_id::RSA_ENCRYPTION, pair.public_key()),
            Pair::Ecdsa(pair, curve) => public_key_to_spki(&curve.id, pair.public_key()),
            Pair::Ed25519(pair) => public_key_to_spki(&alg_id::ED25519, pair.public_key()),
        })
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match &*self.0 {
            Pair::Rsa(_) => SignatureAlgorithm::RSA,
            Pair::Ecdsa(..) => SignatureAlgorithm::ECDSA,
            Pair::Ed25519(_) => SignatureAlgorithm::ED25519,
        }
    }
}

impl Pair {
    /// The schemes, preferred ones first.
    fn schemes(&self) -> &[SignatureScheme] {
        match self {
            Self::Rsa(_) => &RSA,
            Self::Ecdsa(_, curve) => std::slice::from_ref(&curve.scheme),
            Self::Ed25519(_) => &[SignatureScheme::ED25519],
        }
    }
}

/// A key and the chosen scheme.
#[derive(Debug)]
struct Scheme {
    pair: Arc<Pair>,
    scheme: SignatureScheme,
}

impl Signer for Scheme {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        let failed = || Error::General("the key does not sign".to_owned());
        match &*self.pair {
            Pair::Rsa(pair) => {
                let encoding = encoding(self.scheme).ok_or_else(failed)?;
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(encoding, &random, message, &mut signature);
                signed.map_err(|_| failed())?;
                Ok(signature)
            }
            Pair::Ecdsa(pair, _) => {
                let signature = pair.sign(&random, message).map_err(|_| failed())?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

fn encoding(scheme: SignatureScheme) -> Option<&'static dyn RsaEncoding> {
    Some(match scheme {
        SignatureScheme::RSA_PSS_SHA512 => &signature::RSA_PSS_SHA512,
        SignatureScheme::RSA_PSS_SHA384 => &signature::RSA_PSS_SHA384,
        SignatureScheme::RSA_PSS_SHA256 => &signature::RSA_PSS_SHA256,
        SignatureScheme::RSA_PKCS1_SHA512 => &signature::RSA_PKCS1_SHA512,
        SignatureScheme::RSA_PKCS1_SHA384 => &signature::RSA_PKCS1_SHA384,
        SignatureScheme::RSA_PKCS1_SHA256 => &signature::RSA_PKCS1_SHA256,
        _ => return None,
    })
}

fn rsa(der: &PrivateKeyDer<'_>) -> Option<Pair> {
    let pair = match der {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        _ => return None,
    };
    pair.ok().map(Pair::Rsa)
}

fn ecdsa(der: &PrivateKeyDer<'_>, curve: &'static Curve) -> Option<Pair> {
    let random = SystemRandom::new();
    let parsed = |key: &[u8]| EcdsaKeyPair::from_pkcs8(curve.algorithm, key, &random).ok();
    let pair = match der {
        PrivateKeyDer::Pkcs8(key) => parsed(key.secret_pkcs8_der()),
        // ring reads only PKCS#8, which is this key with its algorithm.
        PrivateKeyDer::Sec1(key) => {
            let octets = element(OCTET_STRING, key.secret_sec1_der())?;
            parsed(&element(SEQUENCE, &[curve.prefix, &octets].concat())?)
        }
        _ => return None,
    };
    pair.map(|pair| Pair::Ecdsa(pair, curve))
}

fn ed25519(der: &PrivateKeyDer<'_>) -> Option<Pair> {
    let PrivateKeyDer::Pkcs8(key) = der else {
        return None;
    };
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
    pair.ok().map(Pair::Ed25519)
}

/// A DER element. No key is too long for a length of two bytes.
fn element(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(content.len()).ok()?.to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=127) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    Some([&[tag], length, content].concat())
}

/// Leaves out the key.
impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "RSA",
            Self::Ecdsa(..) => "ECDSA",
            Self::Ed25519(_) => "Ed25519",
        })
    }
}

const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const RSA: [SignatureScheme; 6] = [
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];
static P256: Curve = Curve {
    scheme: SignatureScheme::ECDSA_NISTP256_SHA256,
    algorithm: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
    id: alg_id::ECDSA_P256,
    // 0; id-ecPublicKey, prime256v1
    prefix: b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
              \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
};
static P384: Curve = Curve {
    scheme: SignatureScheme::ECDSA_NISTP384_SHA384,
    algorithm: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
    id: alg_id::ECDSA_P384,
    // 0; id-ecPublicKey, secp384r1
    prefix: b"\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
              \x06\x05\x2b\x81\x04\x00\x22",
};
