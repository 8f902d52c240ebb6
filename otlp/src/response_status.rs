//! What a receiver answered, in one word.

/// The status of a receiver's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseStatus {
    /// Of HTTP, such as `503`: `http.response.status_code`.
    Http(u16),
    /// The name of a status of gRPC, such as `UNAVAILABLE`: `rpc.response.status_code`.
    Grpc(&'static str),
}
