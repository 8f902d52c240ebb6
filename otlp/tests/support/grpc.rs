//! The generated service of `opentelemetry-proto` on tonic's server.

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::async_trait;
use tonic::codec::CompressionEncoding;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;

use super::Accepted;

/// Its answer to a request that it does not accept.
#[derive(Debug)]
pub(crate) enum Answer {
    Status(Box<Status>),
    Partial {
        rejected: i64,
        message: String,
    },
    /// Reads the request and does not answer.
    Hang,
}

impl From<Status> for Answer {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

/// A receiver, which is stopped with all its connections on drop.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) accepted: Accepted,
    runtime: Option<Runtime>,
}

impl Receiver {
    /// Gives these answers one after the other, and then accepts everything.
    pub(crate) fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answers, Accepted::default())
    }

    pub(crate) fn at(
        address: SocketAddr,
        answers: impl IntoIterator<Item = Answer>,
        accepted: Accepted,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let address = listener.local_addr().unwrap();
        let service = TraceServiceServer::new(Service {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            accepted: accepted.clone(),
        });
        let service = service
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        let service = InterceptedService::new(service, compressed_as_the_request);
        runtime.spawn(
            Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        Self {
            address,
            accepted,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// As grpc-go and the Collector answer, whatever the client accepts.
fn compressed_as_the_request(mut request: Request<()>) -> Result<Request<()>, Status> {
    if let Some(encoding) = request.metadata().get("grpc-encoding").cloned() {
        request
            .metadata_mut()
            .insert("grpc-accept-encoding", encoding);
    }
    Ok(request)
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        }
    }
}

struct Service {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    accepted: Accepted,
}

#[async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let answer = self.answers.lock().unwrap().pop_front();
        let partial_success = match answer {
            None => None,
            Some(Answer::Status(status)) => return Err(*status),
            Some(Answer::Hang) => pending().await,
            Some(Answer::Partial { rejected, message }) => Some(ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message: message,
            }),
        };
        let (metadata, _, request) = request.into_parts();
        self.accepted.add(metadata.into_headers(), request);
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success,
        }))
    }
}
