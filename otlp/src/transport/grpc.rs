//! OTLP over gRPC.

use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;
use http::HeaderMap;
use http::Uri;
use http::uri::PathAndQuery;
use tonic::Request;
use tonic::client;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;

use super::accepted::Accepted;
use super::client::Connector;
use super::client::client;
use super::codec::Encoded;
use super::only_grpc::OnlyGrpc;
use crate::failure::Failure;
use crate::failure::of_status;
use crate::response_status::ResponseStatus;

/// The unary call of one signal.
#[derive(Debug)]
pub(crate) struct Grpc {
    connector: Connector,
    client: Mutex<OnlyGrpc>,
    origin: Uri,
    method: PathAndQuery,
    headers: HeaderMap,
    is_compressed: bool,
}

impl Grpc {
    pub(crate) fn new(
        connector: Connector,
        origin: Uri,
        method: PathAndQuery,
        headers: HeaderMap,
        is_compressed: bool,
    ) -> Self {
        Self {
            client: Mutex::new(OnlyGrpc(client(connector.clone(), true))),
            connector,
            origin,
            method,
            headers,
            is_compressed,
        }
    }

    pub(super) async fn attempt(&self, message: Bytes) -> Result<Accepted, Failure> {
        let client = self.client().clone();
        let mut call = client::Grpc::with_origin(client, self.origin.clone());
        if self.is_compressed {
            // Receivers in Go, such as the Collector, answer with the compression of the request.
            call = call
                .send_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Gzip);
        }
        let mut request = Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(self.headers.clone());
        let answer = call
            .unary(request, self.method.clone(), Encoded)
            .await
            .map_err(|status| of_status(&status))?;
        Ok(Accepted::decode(
            ResponseStatus::Grpc("OK"),
            answer.get_ref(),
        ))
    }

    pub(super) fn reconnect(&self) {
        *self.client() = OnlyGrpc(client(self.connector.clone(), true));
    }

    fn client(&self) -> std::sync::MutexGuard<'_, OnlyGrpc> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
