//! The records of TLS 1.2.

use ring::aead;
use rustls::ConnectionTrafficSecrets;
use rustls::Error;
use rustls::crypto::cipher::AeadKey;
use rustls::crypto::cipher::InboundOpaqueMessage;
use rustls::crypto::cipher::InboundPlainMessage;
use rustls::crypto::cipher::Iv;
use rustls::crypto::cipher::KeyBlockShape;
use rustls::crypto::cipher::MessageDecrypter;
use rustls::crypto::cipher::MessageEncrypter;
use rustls::crypto::cipher::NONCE_LEN;
use rustls::crypto::cipher::OutboundOpaqueMessage;
use rustls::crypto::cipher::OutboundPlainMessage;
use rustls::crypto::cipher::PrefixedPayload;
use rustls::crypto::cipher::Tls12AeadAlgorithm;
use rustls::crypto::cipher::UnsupportedOperationError;
use rustls::crypto::cipher::make_tls12_aad;

use super::cipher::Cipher;
use super::cipher::TAG;

/// TLS 1.2 with AES-GCM, which sends a part of the nonce along.
pub(super) struct Gcm(pub(super) &'static aead::Algorithm);

/// TLS 1.2 with ChaCha20-Poly1305 (RFC 7905).
pub(super) struct ChaCha;

impl Tls12AeadAlgorithm for Gcm {
    fn encrypter(&self, key: AeadKey, iv: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Tls12Gcm(Cipher::new(self.0, &key, joined(iv, explicit))))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Tls12Gcm(Cipher::new(self.0, &key, joined(iv, &[]))))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: self.0.key_len(),
            fixed_iv_len: SALT,
            explicit_nonce_len: EXPLICIT,
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl Tls12AeadAlgorithm for ChaCha {
    fn encrypter(&self, key: AeadKey, iv: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        let algorithm = &aead::CHACHA20_POLY1305;
        Box::new(Tls12ChaCha(Cipher::new(algorithm, &key, joined(iv, &[]))))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        let algorithm = &aead::CHACHA20_POLY1305;
        Box::new(Tls12ChaCha(Cipher::new(algorithm, &key, joined(iv, &[]))))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: aead::CHACHA20_POLY1305.key_len(),
            fixed_iv_len: NONCE_LEN,
            explicit_nonce_len: 0,
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Tls12Gcm(Cipher);

impl MessageEncrypter for Tls12Gcm {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let length = message.payload.len();
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(length));
        let nonce = self.0.nonce(number);
        let [_, _, _, _, explicit @ ..] = nonce;
        payload.extend_from_slice(&explicit);
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(number, message.typ, message.version, length);
        self.0.seal(nonce, &aad, &mut payload, EXPLICIT)?;
        Ok(OutboundOpaqueMessage::new(
            message.typ,
            message.version,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        EXPLICIT + length + TAG
    }
}

impl MessageDecrypter for Tls12Gcm {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let length = message.payload.len().checked_sub(EXPLICIT + TAG);
        let length = length.ok_or(Error::DecryptError)?;
        // The salt comes from the handshake, the rest from the record.
        let [a, b, c, d, ..] = self.0.nonce(0);
        let explicit = message.payload.get(..EXPLICIT).unwrap_or_default();
        let nonce: Vec<u8> = [a, b, c, d].iter().chain(explicit).copied().collect();
        let nonce = nonce.try_into().map_err(|_| Error::DecryptError)?;
        let aad = make_tls12_aad(number, message.typ, message.version, length);
        self.0.open(nonce, &aad, &mut message, EXPLICIT)?;
        plain(message)
    }
}

struct Tls12ChaCha(Cipher);

impl MessageEncrypter for Tls12ChaCha {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let length = message.payload.len();
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(length));
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(number, message.typ, message.version, length);
        self.0.seal(self.0.nonce(number), &aad, &mut payload, 0)?;
        Ok(OutboundOpaqueMessage::new(
            message.typ,
            message.version,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + TAG
    }
}

impl MessageDecrypter for Tls12ChaCha {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let length = message.payload.len().checked_sub(TAG);
        let length = length.ok_or(Error::DecryptError)?;
        let aad = make_tls12_aad(number, message.typ, message.version, length);
        self.0.open(self.0.nonce(number), &aad, &mut message, 0)?;
        plain(message)
    }
}

fn plain(message: InboundOpaqueMessage<'_>) -> Result<InboundPlainMessage<'_>, Error> {
    match message.payload.len() > LONGEST {
        true => Err(Error::PeerSentOversizedRecord),
        false => Ok(message.into_plain_message()),
    }
}

/// Both parts in sequence, with zeros for missing bytes.
fn joined(first: &[u8], second: &[u8]) -> Iv {
    let mut iv = [0; NONCE_LEN];
    for (byte, given) in iv.iter_mut().zip(first.iter().chain(second)) {
        *byte = *given;
    }
    Iv::new(iv)
}

/// The part of AES-GCM's nonce from the handshake, and the part that is sent along.
const SALT: usize = 4;
const EXPLICIT: usize = 8;
/// The largest content of a record (RFC 8446, section 5.1).
const LONGEST: usize = 16_384;
