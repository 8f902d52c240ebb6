//! Spans as OTLP, straight from what the SDK hands over.
//!
//! opentelemetry-proto's way is a tree of structs, in which every string and every list is a copy,
//! and prost walks it twice: once for the lengths, once to write. Here each string is copied once,
//! into the request. What a receiver reads is the same; `sameness` holds the two side by side.

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

/// What the fuzzer asks.
#[cfg(fuzzing)]
pub fn check_encoding(bytes: &[u8]) {
    sameness::check(bytes);
}
