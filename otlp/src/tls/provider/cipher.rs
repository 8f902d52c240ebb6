//! A key that encrypts and authenticates records.

use ring::aead;
use ring::aead::Aad;
use ring::aead::LessSafeKey;
use ring::aead::UnboundKey;
use rustls::Error;
use rustls::crypto::cipher::AeadKey;
use rustls::crypto::cipher::InboundOpaqueMessage;
use rustls::crypto::cipher::Iv;
use rustls::crypto::cipher::NONCE_LEN;
use rustls::crypto::cipher::Nonce;
use rustls::crypto::cipher::PrefixedPayload;

/// A key and the start of its nonces.
pub(super) struct Cipher {
    /// Never `None`: rustls makes keys of the right length. With `None`, nothing would be
    /// encrypted.
    key: Option<LessSafeKey>,
    iv: Iv,
}

impl Cipher {
    pub(super) fn new(algorithm: &'static aead::Algorithm, key: &AeadKey, iv: Iv) -> Self {
        let key = UnboundKey::new(algorithm, key.as_ref()).ok();
        Self {
            key: key.map(LessSafeKey::new),
            iv,
        }
    }

    /// The start and the number of the record, combined (RFC 8446, section 5.3).
    pub(super) fn nonce(&self, number: u64) -> [u8; NONCE_LEN] {
        Nonce::new(&self.iv, number).0
    }

    /// Encrypts the payload from `from` on, and appends the tag.
    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        payload: &mut PrefixedPayload,
        from: usize,
    ) -> Result<(), Error> {
        let key = self.key.as_ref().ok_or(Error::EncryptError)?;
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let plain = payload.as_mut().get_mut(from..);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(aad), plain.ok_or(Error::EncryptError)?)
            .map_err(|_| Error::EncryptError)?;
        payload.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Decrypts the record from `from` on; afterwards the plain text begins at its start.
    pub(super) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        message: &mut InboundOpaqueMessage<'_>,
        from: usize,
    ) -> Result<(), Error> {
        let key = self.key.as_ref().ok_or(Error::DecryptError)?;
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let plain = key
            .open_within(nonce, Aad::from(aad), &mut message.payload, from..)
            .map_err(|_| Error::DecryptError)?;
        let length = plain.len();
        message.payload.truncate(length);
        Ok(())
    }
}

/// All three algorithms have tags of this length.
pub(super) const TAG: usize = 16;
