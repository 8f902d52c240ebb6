//! OTLP over gRPC.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::inbox::{Closed, Inbox, LARGEST_REQUEST, Request as Kept};

pub(super) async fn serve(listener: TcpListener, inbox: Inbox) {
    let traces = TraceServiceServer::new(inbox.clone())
        .accept_compressed(Gzip)
        .max_decoding_message_size(LARGEST_REQUEST);
    let logs = LogsServiceServer::new(inbox.clone())
        .accept_compressed(Gzip)
        .max_decoding_message_size(LARGEST_REQUEST);
    let metrics = MetricsServiceServer::new(inbox)
        .accept_compressed(Gzip)
        .max_decoding_message_size(LARGEST_REQUEST);
    // It ends with the listener, which does not end.
    let _ = Server::builder()
        .add_service(traces)
        .add_service(logs)
        .add_service(metrics)
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await;
}

#[tonic::async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.keep(Kept::Spans(request.into_inner())).await?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Inbox {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.keep(Kept::Logs(request.into_inner())).await?;
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Inbox {
    async fn export(
        &self,
        _: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

impl From<Closed> for Status {
    fn from(_: Closed) -> Self {
        Self::unavailable("the receiver is closing")
    }
}
