//! Serves one column of axum on a port, which it prints.

use std::io::Read;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::column::{Column, Kind};
use crate::frameworks::axum::service;
use anyhow::{Context, Result};
use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::layer::SubscriberExt;

/// Serves until the standard input ends.
pub fn run(column: Column) -> Result<()> {
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(Dropping)
        .build();
    if !matches!(column.kind, Kind::Nothing | Kind::Ours) {
        global::set_text_map_propagator(TraceContextPropagator::new());
    }
    if matches!(column.kind, Kind::Tracing { .. }) {
        let layer = tracing_opentelemetry::layer().with_tracer(tracers.tracer("benchmarks"));
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    }
    global::set_tracer_provider(tracers);

    let service = service(&column).context("a column that is served")?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    // One core is for the server, one for the load.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        axum::serve(listener, service).await?;
        Ok(())
    })
}

/// Accepts the batches, so that the cost of handing spans over counts, and that of sending does
/// not.
#[derive(Debug)]
struct Dropping;

impl SpanExporter for Dropping {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        drop(std::hint::black_box(batch));
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
