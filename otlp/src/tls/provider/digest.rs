//! SHA-2, alone and with a key.

use ring::digest;
use ring::hmac;
use rustls::crypto::hash;
use rustls::crypto::hash::HashAlgorithm;
use rustls::crypto::hmac as keyed;

pub(super) static SHA256: Hash = Hash(&digest::SHA256, HashAlgorithm::SHA256);
pub(super) static SHA384: Hash = Hash(&digest::SHA384, HashAlgorithm::SHA384);
pub(super) static HMAC_SHA256: Hmac = Hmac(&hmac::HMAC_SHA256);
pub(super) static HMAC_SHA384: Hmac = Hmac(&hmac::HMAC_SHA384);

pub(super) struct Hash(&'static digest::Algorithm, HashAlgorithm);

impl hash::Hash for Hash {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Context(digest::Context::new(self.0)))
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(digest::digest(self.0, data).as_ref())
    }

    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.1
    }
}

struct Context(digest::Context);

impl hash::Context for Context {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(self.0.clone().finish().as_ref())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> hash::Output {
        hash::Output::new(self.0.finish().as_ref())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

pub(super) struct Hmac(&'static hmac::Algorithm);

impl keyed::Hmac for Hmac {
    fn with_key(&self, key: &[u8]) -> Box<dyn keyed::Key> {
        Box::new(Key(hmac::Key::new(*self.0, key)))
    }

    fn hash_output_len(&self) -> usize {
        self.0.digest_algorithm().output_len()
    }
}

struct Key(hmac::Key);

impl keyed::Key for Key {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> keyed::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(first);
        for part in middle {
            context.update(part);
        }
        context.update(last);
        keyed::Tag::new(context.sign().as_ref())
    }

    fn tag_len(&self) -> usize {
        self.0.algorithm().digest_algorithm().output_len()
    }
}
