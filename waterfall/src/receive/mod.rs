//! A receiver for OTLP in this process, so that nobody has to install a collector.

mod batch;
mod grpc;
mod http;
mod inbox;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use inbox::Inbox;

pub use batch::Batch;

/// Takes spans and logs over OTLP, with gRPC and with HTTP, until it is dropped.
///
/// Metrics are accepted and forgotten, so that no sender complains. What is received waits until it
/// is taken; whoever sends more than 16 MiB meanwhile is made to wait.
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
    batches: mpsc::UnboundedReceiver<Batch>,
    servers: Vec<tokio::task::JoinHandle<()>>,
}

impl Receiver {
    /// One that does not listen yet.
    pub fn new() -> Self {
        let (inbox, batches) = Inbox::new();
        Self {
            inbox,
            batches,
            servers: Vec::new(),
        }
    }

    /// Keeps what was received as lines of OTLP/JSON in [`Batch::lines`], too; not by default. Counts
    /// for what listens afterwards.
    #[must_use]
    pub fn with_lines(mut self) -> Self {
        self.inbox.keeps_lines = true;
        self
    }

    /// Listens for OTLP over gRPC, usually on port 4317, and returns the address; port 0 lets the
    /// system choose.
    ///
    /// # Errors
    /// The address cannot be used.
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
    /// The address cannot be used.
    pub async fn listen_http(&mut self, address: SocketAddr) -> Result<SocketAddr> {
        let (listener, address) = listen(address).await?;
        let server = http::serve(listener, self.inbox.clone());
        self.servers.push(tokio::spawn(server));
        Ok(address)
    }

    /// What came with the next export. Waits for ever if nothing comes.
    pub async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }

    /// Everything that was received and not yet taken. An export is acknowledged only after it
    /// was kept, so nothing is missing once all exporters have flushed.
    pub fn drain(&mut self) -> Batch {
        let mut all = Batch::default();
        while let Ok(batch) = self.batches.try_recv() {
            all.append(batch);
        }
        all
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
