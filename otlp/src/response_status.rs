//! The status of an answer, in one word.

/// The status of a receiver's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseStatus {
    /// A status of HTTP, such as `503`: `http.response.status_code`.
    Http(u16),
    /// The name of a gRPC status, such as `UNAVAILABLE`: `rpc.response.status_code`.
    Grpc(&'static str),
}
