//! A receiver for OTLP over gRPC in this process, so that nobody has to install a collector.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
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

use crate::log::Log;
use crate::otlp;
use crate::trace::Span;

#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    batches: mpsc::UnboundedReceiver<Batch>,
}

/// What has arrived.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<Log>,
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
            .add_service(TraceServiceServer::new(Inbox(sender.clone())))
            .add_service(LogsServiceServer::new(Inbox(sender)))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok(Self { address, batches })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came with the next export; `None` if the receiver has failed.
    pub(crate) async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }

    /// Everything that was received and not yet taken. An export is acknowledged only after it
    /// was kept, so nothing is missing once all exporters have flushed.
    pub(crate) fn drain(&mut self) -> Batch {
        let mut all = Batch::default();
        while let Ok(batch) = self.batches.try_recv() {
            all.spans.extend(batch.spans);
            all.logs.extend(batch.logs);
        }
        all
    }
}

#[derive(Debug)]
struct Inbox(mpsc::UnboundedSender<Batch>);

impl Inbox {
    fn keep(&self, batch: Batch) -> Result<(), Status> {
        self.0
            .send(batch)
            .map_err(|_| Status::unavailable("the receiver is closing"))
    }
}

#[tonic::async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let batches = request.into_inner().resource_spans.into_iter();
        self.keep(Batch {
            spans: batches.flat_map(otlp::spans).collect(),
            logs: Vec::new(),
        })?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Inbox {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let batches = request.into_inner().resource_logs.into_iter();
        self.keep(Batch {
            spans: Vec::new(),
            logs: batches.flat_map(otlp::logs).collect(),
        })?;
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}
