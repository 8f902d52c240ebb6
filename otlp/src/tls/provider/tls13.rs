//! The records of TLS 1.3.

use ring::aead;
use rustls::ConnectionTrafficSecrets;
use rustls::ContentType;
use rustls::Error;
use rustls::ProtocolVersion;
use rustls::crypto::cipher::AeadKey;
use rustls::crypto::cipher::InboundOpaqueMessage;
use rustls::crypto::cipher::InboundPlainMessage;
use rustls::crypto::cipher::Iv;
use rustls::crypto::cipher::MessageDecrypter;
use rustls::crypto::cipher::MessageEncrypter;
use rustls::crypto::cipher::OutboundOpaqueMessage;
use rustls::crypto::cipher::OutboundPlainMessage;
use rustls::crypto::cipher::PrefixedPayload;
use rustls::crypto::cipher::Tls13AeadAlgorithm;
use rustls::crypto::cipher::UnsupportedOperationError;
use rustls::crypto::cipher::make_tls13_aad;

use super::cipher::Cipher;
use super::cipher::TAG;

/// TLS 1.3 with any of the algorithms.
pub(super) struct Record(pub(super) &'static aead::Algorithm);

impl Tls13AeadAlgorithm for Record {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13(Cipher::new(self.0, &key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13(Cipher::new(self.0, &key, iv)))
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Tls13(Cipher);

impl MessageEncrypter for Tls13 {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[message.typ.into()]);
        let aad = make_tls13_aad(length);
        self.0.seal(self.0.nonce(number), &aad, &mut payload, 0)?;
        // The real type is encrypted (RFC 8446, section 5.1).
        let (kind, version) = (ContentType::ApplicationData, ProtocolVersion::TLSv1_2);
        Ok(OutboundOpaqueMessage::new(kind, version, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + 1 + TAG
    }
}

impl MessageDecrypter for Tls13 {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let aad = make_tls13_aad(message.payload.len());
        self.0.open(self.0.nonce(number), &aad, &mut message, 0)?;
        message.into_tls13_unpadded_message()
    }
}
