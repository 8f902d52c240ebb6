//! The two supported protocols of OTLP.

/// The protocol of an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC over HTTP/2; port 4317 by convention.
    Grpc,
    /// Protobuf in POST requests over HTTP/1.1; port 4318 by convention.
    HttpProtobuf,
}
