//! OTLP over HTTP on hyper's server.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::Request;
use http::Response;
use http::StatusCode;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::Accepted;

/// Its answer to a request that it does not accept.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Status {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    Partial {
        rejected: i64,
        message: String,
    },
    Hang,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
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
        Self::at(
            "127.0.0.1:0".parse().unwrap(),
            answers,
            Accepted::default(),
            usize::MAX,
        )
    }

    /// Refuses requests larger than `limit` with 413.
    pub(crate) fn at(
        address: SocketAddr,
        answers: impl IntoIterator<Item = Answer>,
        accepted: Accepted,
        limit: usize,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let address = listener.local_addr().unwrap();
        let service = Service {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            accepted: accepted.clone(),
            limit,
        };
        runtime.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = service.clone();
                let service = service_fn(move |request| service.clone().answer(request));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self {
            address,
            accepted,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/v1/traces", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        }
    }
}

#[derive(Clone)]
struct Service {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    accepted: Accepted,
    limit: usize,
}

impl Service {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return pending().await;
        };
        let mut body = body.to_bytes();
        if body.len() > self.limit {
            return Ok(response(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new()));
        }
        let answer = self.answers.lock().unwrap().pop_front();
        let partial_success = match answer {
            None => None,
            Some(Answer::Hang) => pending().await,
            Some(Answer::Status {
                status,
                headers,
                body,
            }) => {
                let status = StatusCode::from_u16(status).unwrap();
                let mut response = response(status, body.into());
                for (name, value) in headers {
                    response.headers_mut().insert(name, value.parse().unwrap());
                }
                return Ok(response);
            }
            Some(Answer::Partial { rejected, message }) => Some(ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message: message,
            }),
        };
        if head.headers.get("content-encoding").is_some() {
            let mut plain = Vec::new();
            GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
            body = plain.into();
        }
        assert_eq!(head.uri.path(), "/v1/traces");
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        self.accepted.add(head.headers, request);
        let body = ExportTraceServiceResponse { partial_success }.encode_to_vec();
        Ok(response(StatusCode::OK, body.into()))
    }
}

fn response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}
