//! A receiver for OTLP over gRPC in this process, so that nobody has to install a collector.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::otlp;
use crate::trace::Span;

#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    batches: mpsc::UnboundedReceiver<Vec<Span>>,
}

impl Receiver {
    /// Listens on a loopback port that the system chooses.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no loopback port for the receiver")?;
        let address = listener.local_addr()?;
        let (sender, batches) = mpsc::unbounded_channel();
        let server = Server::builder()
            .add_service(TraceServiceServer::new(Inbox(sender)))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok(Self { address, batches })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans that came with the next export; `None` if the receiver has failed.
    pub(crate) async fn next(&mut self) -> Option<Vec<Span>> {
        self.batches.recv().await
    }

    /// Everything that was received and not yet taken. An export is acknowledged only after it
    /// was kept, so nothing is missing once all exporters have flushed.
    pub(crate) fn drain(&mut self) -> Vec<Span> {
        let mut spans = Vec::new();
        while let Ok(batch) = self.batches.try_recv() {
            spans.extend(batch);
        }
        spans
    }
}

#[derive(Debug)]
struct Inbox(mpsc::UnboundedSender<Vec<Span>>);

#[tonic::async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let batches = request.into_inner().resource_spans;
        self.0
            .send(batches.into_iter().flat_map(otlp::spans).collect())
            .map_err(|_| Status::unavailable("the receiver is closing"))?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
