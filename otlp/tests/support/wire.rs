//! Peers that do to a connection what no proper server does.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;

/// Hands the first connections to these one after the other, and closes the port then.
pub(crate) fn listen(
    connections: Vec<Box<dyn FnOnce(TcpStream) + Send>>,
) -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        for connection in connections {
            let (stream, _) = listener.accept().unwrap();
            connection(stream);
        }
    });
    (address, thread)
}

/// Reads until something has come, and answers with these bytes.
pub(crate) fn answer(bytes: &'static [u8]) -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(move |mut stream| {
        let mut read = [0; 1024];
        let _ = stream.read(&mut read);
        let _ = stream.write_all(bytes);
        let _ = stream.flush();
        // Closing while bytes are unread would reset the connection before they are seen.
        drain(stream);
    })
}

/// Accepts, and closes.
pub(crate) fn close() -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(drop)
}

/// Reads a part of the request, and closes in the middle of it.
pub(crate) fn close_in_the_middle() -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(|mut stream| {
        let mut read = [0; 64];
        let _ = stream.read(&mut read);
    })
}

fn drain(mut stream: TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut read = [0; 4096];
    while matches!(stream.read(&mut read), Ok(1..)) {}
}
