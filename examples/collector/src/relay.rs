//! Counts the bytes that are sent to a Collector.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::copy;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards connections to a port on loopback, until it is dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    sent: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Relay {
    pub(crate) async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let sent = Arc::new(AtomicU64::new(0));
        Ok(Self {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, port, Arc::clone(&sent))),
            sent,
        })
    }

    /// The bytes that clients have sent on connections that have ended.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, port: u16, sent: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let sent = Arc::clone(&sent);
        tokio::spawn(async move {
            // The client sees any failure itself.
            let _ = pass_on(client, port, &sent).await;
        });
    }
}

async fn pass_on(client: TcpStream, port: u16, sent: &AtomicU64) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let bytes = copy(&mut from_client, &mut to_server).await?;
        sent.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    };
    let back = async { copy(&mut from_server, &mut to_client).await };
    tokio::select! {
        there = there => there,
        back = back => back.map(drop),
    }
}
