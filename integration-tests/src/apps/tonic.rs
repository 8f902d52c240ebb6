//! The service `example.Greeter`, written by hand in the form of generated code, for both servers
//! that tonic offers: its own, and an axum router.
//!
//! Its messages are text that says what the service does: see `step`.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http_body::Body;
use otel_instrumentation::ErrorType;
use otel_middleware_tonic::OtelServerLayer;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};
use tower::{Service, service_fn};

use super::Controller;
use super::axum::serve;
use super::greeter::Text;
use crate::contract::rpc::RpcApp;
use crate::contract::server::Served;

/// tonic's own server.
#[derive(Clone, Copy, Debug)]
pub struct Tonic;

impl RpcApp for Tonic {
    async fn serve(&self, layer: OtelServerLayer, controller: Controller) -> Served {
        serve_routes(Server::builder().layer(layer), routes(controller)).await
    }

    fn knows_peer(&self) -> bool {
        true
    }
}

/// An axum router with tonic's services in it.
#[derive(Clone, Copy, Debug)]
pub struct Axum;

impl RpcApp for Axum {
    async fn serve(&self, layer: OtelServerLayer, controller: Controller) -> Served {
        serve(routes(controller).into_axum_router().layer(layer)).await
    }

    fn knows_peer(&self) -> bool {
        false
    }
}

/// The greeter, and the generated services for health checks and reflection.
#[must_use]
pub fn routes(controller: Controller) -> Routes {
    let (_, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1alpha()
        .expect("a descriptor set");
    Routes::new(GreeterServer { controller })
        .add_service(health)
        .add_service(reflection)
}

/// Serves routes with whatever layers a server has, on a free port of the loopback interface.
pub async fn serve_routes<L, B>(mut server: Server<L>, routes: Routes) -> Served
where
    L: tower::Layer<Routes> + Clone + Send + 'static,
    L::Service: Service<http::Request<tonic::body::Body>, Response = http::Response<B>>
        + Clone
        + Send
        + 'static,
    <L::Service as Service<http::Request<tonic::body::Body>>>::Future: Send,
    <L::Service as Service<http::Request<tonic::body::Body>>>::Error:
        Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    B: Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (stop, stopped) = oneshot::channel::<Infallible>();
    let serving = server.add_routes(routes).serve_with_incoming_shutdown(
        TcpIncoming::from(listener),
        async {
            // Stops when the other half is dropped.
            let _ = stopped.await;
        },
    );
    let serving = tokio::spawn(serving);
    Served::new(address, async {
        drop(stop);
        serving.await.expect("no panic").expect("a graceful end");
    })
}

/// What a message makes the service do: `status:CODE:MESSAGE` fails, `panic` panics, `hang` never
/// answers, `enter` [reports](Controller::enter) that it was reached, `context` answers with the
/// handler's context, `keep` keeps its context. Everything else is greeted.
async fn step(controller: &Controller, message: &str) -> Result<String, Status> {
    let mut words = message.splitn(3, ':');
    match (words.next(), words.next(), words.next()) {
        (Some("status"), Some(code), message) => {
            let code = Code::from_i32(code.parse().expect("a number"));
            Err(Status::new(code, message.unwrap_or_default()))
        }
        (Some("panic"), ..) => panic!("as asked for"),
        (Some("hang"), ..) => {
            controller.enter();
            pending().await
        }
        (Some("enter"), ..) => {
            controller.enter();
            Ok(String::new())
        }
        (Some("context"), ..) => Ok(controller.context()),
        (Some("keep"), ..) => {
            controller.keep();
            Ok(String::new())
        }
        _ => controller.handle(|| Ok(format!("Hello {message}"))),
    }
}

/// What a server does with the service's requests.
#[derive(Clone, Debug)]
pub struct GreeterServer {
    /// What the handlers do.
    pub controller: Controller,
}

impl GreeterServer {
    async fn say_hello(self, request: Request<String>) -> Result<Response<String>, Status> {
        let metadata = refused(request.metadata())?;
        let answer = step(&self.controller, request.get_ref()).await?;
        let mut response = Response::new(answer);
        if request.get_ref() == "declined" {
            response.extensions_mut().insert(ErrorType("declined"));
        }
        if let Some(value) = metadata.get("x-test-request") {
            response
                .metadata_mut()
                .insert("x-test-response", value.clone());
        }
        Ok(response)
    }

    async fn collect(
        self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<String>, Status> {
        refused(request.metadata())?;
        let controller = &self.controller;
        let answers: Vec<_> = request
            .into_inner()
            .and_then(|message| async move { step(controller, &message).await })
            .try_collect()
            .await?;
        Ok(Response::new(answers.join(", ")))
    }

    async fn expand(self, request: Request<String>) -> Result<Response<Answers>, Status> {
        refused(request.metadata())?;
        let words: Vec<_> = request.get_ref().split(' ').map(str::to_owned).collect();
        Ok(Response::new(self.answers(stream::iter(words).map(Ok))))
    }

    async fn conversation(
        self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<Answers>, Status> {
        refused(request.metadata())?;
        Ok(Response::new(self.answers(request.into_inner())))
    }

    fn answers(
        self,
        messages: impl Stream<Item = Result<String, Status>> + Send + 'static,
    ) -> Answers {
        Box::pin(messages.and_then(move |message| {
            let controller = self.controller.clone();
            async move { step(&controller, &message).await }
        }))
    }
}

/// Refuses a call before its messages are read, with the code in its metadata.
fn refused(metadata: &MetadataMap) -> Result<&MetadataMap, Status> {
    let Some(code) = metadata.get("x-refuse") else {
        return Ok(metadata);
    };
    let code = code.to_str().expect("text").parse().expect("a number");
    Err(Status::new(Code::from_i32(code), "refused"))
}

type Answers = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;
type Serving =
    Pin<Box<dyn Future<Output = Result<http::Response<tonic::body::Body>, Infallible>> + Send>>;

impl<B> Service<http::Request<B>> for GreeterServer
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Serving;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Serving {
        let greeter = self.clone();
        let mut grpc = tonic::server::Grpc::new(Text)
            .accept_compressed(tonic::codec::CompressionEncoding::Gzip)
            .send_compressed(tonic::codec::CompressionEncoding::Gzip);
        match request.uri().path() {
            "/example.Greeter/SayHello" => Box::pin(async move {
                let method = service_fn(|request| greeter.clone().say_hello(request));
                Ok(grpc.unary(method, request).await)
            }),
            "/example.Greeter/Collect" => Box::pin(async move {
                let method = service_fn(|request| greeter.clone().collect(request));
                Ok(grpc.client_streaming(method, request).await)
            }),
            "/example.Greeter/Expand" => Box::pin(async move {
                let method = service_fn(|request| greeter.clone().expand(request));
                Ok(grpc.server_streaming(method, request).await)
            }),
            "/example.Greeter/Conversation" => Box::pin(async move {
                let method = service_fn(|request| greeter.clone().conversation(request));
                Ok(grpc.streaming(method, request).await)
            }),
            _ => Box::pin(ready(Ok(
                Status::unimplemented("").into_http::<tonic::body::Body>()
            ))),
        }
    }
}

impl NamedService for GreeterServer {
    const NAME: &'static str = "example.Greeter";
}
