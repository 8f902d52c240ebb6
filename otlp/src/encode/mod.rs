//! Encodes spans as OTLP, straight from the SDK's data.
//!
//! opentelemetry-proto builds a tree of structs, in which every string and every list is a copy,
//! and prost walks it twice: once for the lengths, once to write. Here each string is copied once,
//! into the request. A receiver reads the same; `sameness` compares the two.

mod encoded;
mod encoder;
#[cfg(any(test, fuzzing))]
mod sameness;
mod scopes;
#[cfg(any(test, fuzzing))]
mod source;
mod span;
#[cfg(test)]
mod tests;
mod value;
mod wire;

pub(crate) use encoded::EncodedSpans;
pub(crate) use encoder::SpanEncoder;

/// The fuzzer's entry point.
#[cfg(fuzzing)]
pub fn check_encoding(bytes: &[u8]) {
    sameness::check(bytes);
}
