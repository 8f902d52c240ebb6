//! Clients without abstractions: a plain socket, and a single HTTP/2 connection.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a condition may take to come true on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The output of the future.
///
/// # Panics
///
/// After the deadline; the message names what was waited for.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(result) => result,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// A connection on which the test itself writes and reads every byte.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Socket {
    /// Connects to a server of the test.
    pub async fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("a connection");
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// The local address, which is the server's peer.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("a local address")
    }

    /// Writes the bytes as they are.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A server that refuses a request early may close before it was written.
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Closes this side of the connection: nothing more is sent, and answers can still be received.
    pub async fn close(&mut self) {
        self.stream.shutdown().await.expect("an open connection");
    }

    /// Breaks the connection: every later read or write of the server fails.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a socket's option");
    }

    /// Reads until the text has arrived, and returns everything up to its end.
    pub async fn read_until(&mut self, text: &str) -> String {
        let position = in_time(text, async {
            loop {
                let found = self
                    .read
                    .windows(text.len())
                    .position(|it| it == text.as_bytes());
                if let Some(start) = found {
                    return start + text.len();
                }
                let count = self
                    .stream
                    .read_buf(&mut self.read)
                    .await
                    .expect("more bytes");
                let so_far = String::from_utf8_lossy(&self.read);
                assert!(count > 0, "closed before {text:?}, after {so_far:?}");
            }
        })
        .await;
        let rest = self.read.split_off(position);
        let head = std::mem::replace(&mut self.read, rest);
        String::from_utf8_lossy(&head).into_owned()
    }

    /// Reads until the server closes or breaks the connection.
    pub async fn read_to_end(mut self) -> String {
        in_time("the end of the connection", async {
            while let Ok(1..) = self.stream.read_buf(&mut self.read).await {}
        })
        .await;
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// Sends one request on a new connection, and returns the client's address and the answer.
pub async fn exchange(server: SocketAddr, request: impl AsRef<[u8]>) -> (SocketAddr, String) {
    let mut socket = Socket::connect(server).await;
    let client = socket.address();
    socket.send(request).await;
    (client, socket.read_to_end().await)
}

/// One HTTP/2 connection with prior knowledge. It lives as long as its clones.
#[derive(Clone, Debug)]
pub struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
}

impl Http2 {
    /// Connects to a server of the test.
    pub async fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("a connection");
        let address = stream.local_addr().expect("a local address");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("a handshake");
        tokio::spawn(connection);
        Self { sender, address }
    }

    /// The local address, which is the server's peer.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request, and returns the response once its head is there.
    ///
    /// # Errors
    ///
    /// If the server breaks the request off.
    pub async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        in_time("a response", self.sender.send_request(request)).await
    }
}
