//! The receiver, in a separate process: counts the spans of the benchmarks' requests.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use prost::Message;
use tokio::net::TcpListener;

use super::spans::SpansRequest;
use crate::measure::this_program;

/// The receiver's process, as seen by its parent.
#[derive(Debug)]
pub(super) struct Sink {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub(super) port: u16,
}

impl Sink {
    pub(super) fn start() -> Result<Self> {
        let mut child = this_program()
            .arg("pipeline-sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut sink = Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().context("piped")?),
            child,
            port: 0,
        };
        sink.port = sink.number()?;
        Ok(sink)
    }

    /// The number of spans accepted since the last call, each counted once.
    pub(super) fn accepted(&mut self) -> Result<u64> {
        writeln!(self.input.as_mut().context("piped")?)?;
        self.number()
    }

    fn number<N>(&mut self) -> Result<N>
    where
        N: std::str::FromStr<Err = std::num::ParseIntError>,
    {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // This ends its standard input.
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Prints its port, accepts both protocols, and answers each line with the number of spans received
/// since the last line. Ends with its standard input.
pub fn run() -> Result<()> {
    let accepted = Accepted::default();
    // A single thread, to leave most of the machine to the measured processes.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        let asked = accepted.clone();
        std::thread::spawn(move || {
            for _ in std::io::stdin().lock().lines() {
                println!("{}", asked.take());
            }
            std::process::exit(0);
        });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let accepted = accepted.clone();
            let service = service_fn(move |request| receive(request, accepted.clone()));
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

/// The ids of spans.
#[derive(Clone, Debug, Default)]
struct Accepted(Arc<Mutex<HashSet<[u8; 8]>>>);

impl Accepted {
    fn add(&self, request: &SpansRequest) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ids.extend(request.ids());
    }

    fn take(&self) -> usize {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *ids).len()
    }
}

async fn receive(
    request: Request<Incoming>,
    accepted: Accepted,
) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let mut message = body.collect().await?.to_bytes();
    let of_grpc = HeaderValue::from_static("application/grpc");
    let is_grpc = head.headers.get(CONTENT_TYPE) == Some(&of_grpc);
    if is_grpc {
        message = message.split_off(GRPC_HEAD.len().min(message.len()));
    }
    if [HTTP_SPANS, GRPC_SPANS].contains(&head.uri.path()) {
        match SpansRequest::decode(message) {
            Ok(request) => accepted.add(&request),
            Err(_) => {
                let mut response = Response::new(Full::default().boxed());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                return Ok(response);
            }
        }
    }
    if !is_grpc {
        return Ok(Response::new(Full::default().boxed()));
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from_static(&GRPC_HEAD));
    let body = body.with_trailers(async { Some(Ok(trailers)) }).boxed();
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, of_grpc);
    Ok(response)
}

/// The head of an empty, uncompressed message.
const GRPC_HEAD: [u8; 5] = [0; 5];
const HTTP_SPANS: &str = "/v1/traces";
const GRPC_SPANS: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
