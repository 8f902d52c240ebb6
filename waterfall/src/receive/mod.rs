//! A receiver for OTLP in this process, so that no collector has to be installed.

mod batch;
mod cors;
mod grpc;
mod http;
mod inbox;

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout_at;

use crate::attributes::Texts;
use crate::otlp;

use inbox::{Inbox, Received, Request};

pub use batch::Batch;

/// Receives spans and logs over OTLP, with gRPC and with HTTP, until it is dropped.
///
/// Metrics are accepted and discarded, so that no sender reports an error. Received data waits
/// until it is taken; beyond 16 MiB, senders have to wait.
///
/// ```no_run
/// # async fn example() -> anyhow::Result<()> {
/// let mut receiver = otel_waterfall::Receiver::new();
/// receiver.listen_grpc("127.0.0.1:4317".parse()?).await?;
/// while let Some(batch) = receiver.next().await {
///     println!("{} spans", batch.spans.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Receiver {
    inbox: Inbox,
    received: mpsc::UnboundedReceiver<Received>,
    texts: Texts,
    keeps_lines: bool,
    servers: Vec<tokio::task::JoinHandle<()>>,
}

impl Receiver {
    /// Creates a receiver that does not listen yet.
    pub fn new() -> Self {
        let (inbox, received) = Inbox::new();
        Self {
            inbox,
            received,
            texts: Texts::default(),
            keeps_lines: false,
            servers: Vec::new(),
        }
    }

    /// Also keeps the received data as lines of OTLP/JSON in [`Batch::lines`]; off by default.
    #[must_use]
    pub fn with_lines(mut self) -> Self {
        self.keeps_lines = true;
        self
    }

    /// Listens for OTLP over gRPC, usually on port 4317, and returns the address; port 0 lets the
    /// system choose.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub async fn listen_grpc(&mut self, address: SocketAddr) -> Result<SocketAddr> {
        let (listener, address) = listen(address).await?;
        let server = grpc::serve(listener, self.inbox.clone());
        self.servers.push(tokio::spawn(server));
        Ok(address)
    }

    /// Listens for OTLP over HTTP, usually on port 4318, and returns the address; port 0 lets the
    /// system choose.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub async fn listen_http(&mut self, address: SocketAddr) -> Result<SocketAddr> {
        let (listener, address) = listen(address).await?;
        let server = http::serve(listener, self.inbox.clone());
        self.servers.push(tokio::spawn(server));
        Ok(address)
    }

    /// Returns the data of the next export. Waits forever if none arrives.
    pub async fn next(&mut self) -> Option<Batch> {
        let received = self.received.recv().await?;
        Some(self.read(received))
    }

    /// Returns the data of the next export. `None` if none arrives until `due`.
    pub async fn next_until(&mut self, due: Option<Instant>) -> Option<Batch> {
        match due {
            Some(due) => timeout_at(due.into(), self.next()).await.ok().flatten(),
            None => self.next().await,
        }
    }

    /// Returns all data that was received and not yet taken. An export is acknowledged only after
    /// it was stored, so nothing is missing once all exporters have flushed.
    pub fn drain(&mut self) -> Batch {
        let mut all = Batch::default();
        while let Ok(received) = self.received.try_recv() {
            all.append(self.read(received));
        }
        all
    }

    fn read(&mut self, Received { request, room }: Received) -> Batch {
        let line = self.keeps_lines.then(|| match &request {
            Request::Spans(spans) => otlp::line_of(spans).ok(),
            Request::Logs(logs) => otlp::line_of(logs).ok(),
        });
        let mut batch = match request {
            Request::Spans(spans) => Batch::of_spans(spans, &mut self.texts),
            Request::Logs(logs) => Batch::of_logs(logs),
        };
        batch.lines.extend(line.flatten());
        batch.room = Some(room);
        batch
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be used"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
