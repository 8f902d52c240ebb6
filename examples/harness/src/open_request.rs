//! HTTP/1.1 by hand, so that a test controls how far a request has got.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A request in progress.
#[derive(Debug)]
pub struct OpenRequest {
    stream: BufReader<TcpStream>,
}

impl OpenRequest {
    /// Sends a `GET`. When this returns, the server may not have seen it yet.
    pub fn get(address: SocketAddr, path: &str) -> Self {
        Self::send(address, &format!("GET {path} HTTP/1.1\r\n"))
    }

    /// Sends a `POST` without its body of three bytes, and waits until the server asks for the
    /// body: its handler is then running, and cannot go on.
    pub fn post(address: SocketAddr, path: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\
             content-type: application/json\r\n"
        );
        let mut request = Self::send(address, &head);
        request.wait_for("HTTP/1.1 100 Continue");
        request
    }

    /// Waits for a line with these words.
    pub fn wait_for(&mut self, words: &str) {
        let mut said = String::new();
        while !said.contains(words) {
            let read = self.stream.read_line(&mut said).unwrap();
            assert_ne!(read, 0, "{said}");
        }
    }

    /// Sends the body of a `POST`.
    pub fn send_body(&mut self) {
        self.stream.get_mut().write_all(b"\"7\"").unwrap();
    }

    /// Reads until the server closes the connection or breaks it off.
    pub fn rest(mut self) -> String {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        String::from_utf8(rest).unwrap()
    }

    fn send(address: SocketAddr, head: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("{head}host: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let stream = BufReader::new(stream);
        Self { stream }
    }
}
