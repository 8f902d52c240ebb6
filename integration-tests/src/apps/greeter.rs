//! The client of the service `example.Greeter`, and the encoding of its messages.

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use http_body::Body;
use tonic::client::GrpcService;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{GrpcMethod, Request, Response, Status, Streaming};

/// The transport that the client calls the service with.
#[derive(Clone, Debug)]
pub struct GreeterClient<T> {
    grpc: tonic::client::Grpc<T>,
}

impl<T> GreeterClient<T>
where
    T: GrpcService<tonic::body::Body>,
    T::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::ResponseBody: Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    /// A client over a channel.
    pub fn new(channel: T) -> Self {
        let grpc = tonic::client::Grpc::new(channel);
        Self { grpc }
    }

    /// A client whose calls have absolute URIs.
    pub fn with_origin(channel: T, origin: http::Uri) -> Self {
        let grpc = tonic::client::Grpc::with_origin(channel, origin);
        Self { grpc }
    }

    /// Compresses both ways.
    #[must_use]
    pub fn compressed(self) -> Self {
        let gzip = tonic::codec::CompressionEncoding::Gzip;
        let grpc = self.grpc.send_compressed(gzip).accept_compressed(gzip);
        Self { grpc }
    }

    /// One message each way.
    pub async fn say_hello(
        &mut self,
        message: impl tonic::IntoRequest<String>,
    ) -> Result<Response<String>, Status> {
        let request = known(message.into_request(), "SayHello");
        self.ready().await?;
        let path = PathAndQuery::from_static("/example.Greeter/SayHello");
        self.grpc.unary(request, path, Text).await
    }

    /// Many messages to the server, one back.
    pub async fn collect(
        &mut self,
        messages: impl tonic::IntoStreamingRequest<Message = String>,
    ) -> Result<Response<String>, Status> {
        let request = known(messages.into_streaming_request(), "Collect");
        self.ready().await?;
        let path = PathAndQuery::from_static("/example.Greeter/Collect");
        self.grpc.client_streaming(request, path, Text).await
    }

    /// One message to the server, many back.
    pub async fn expand(
        &mut self,
        message: impl tonic::IntoRequest<String>,
    ) -> Result<Response<Streaming<String>>, Status> {
        let request = known(message.into_request(), "Expand");
        self.ready().await?;
        let path = PathAndQuery::from_static("/example.Greeter/Expand");
        self.grpc.server_streaming(request, path, Text).await
    }

    /// Many messages both ways.
    pub async fn conversation(
        &mut self,
        messages: impl tonic::IntoStreamingRequest<Message = String>,
    ) -> Result<Response<Streaming<String>>, Status> {
        let request = known(messages.into_streaming_request(), "Conversation");
        self.ready().await?;
        let path = PathAndQuery::from_static("/example.Greeter/Conversation");
        self.grpc.streaming(request, path, Text).await
    }

    /// Any path, without the extension that generated code sets.
    pub async fn call(&mut self, path: &str, message: &str) -> Result<Response<String>, Status> {
        self.ready().await?;
        let path = PathAndQuery::try_from(path).expect("a path");
        let request = Request::new(message.to_owned());
        self.grpc.unary(request, path, Text).await
    }

    async fn ready(&mut self) -> Result<(), Status> {
        let ready = self.grpc.ready().await;
        ready.map_err(|error| Status::unknown(error.into().to_string()))
    }
}

fn known<M>(mut request: Request<M>, method: &'static str) -> Request<M> {
    request
        .extensions_mut()
        .insert(GrpcMethod::new("example.Greeter", method));
    request
}

/// Messages that are text, without any encoding.
#[derive(Clone, Copy, Debug)]
pub struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, message: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(message.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.into())
            .map(Some)
            .map_err(|_| Status::internal("no text"))
    }
}
