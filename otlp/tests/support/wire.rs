//! Peers that treat a connection as no proper server does.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;

use tokio::runtime::Runtime;

/// Lets these handle the first connections one after the other, and then closes the port.
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

/// Reads until something has arrived, and answers with these bytes.
pub(crate) fn answer(bytes: &'static [u8]) -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(move |mut stream| {
        let mut read = [0; 1024];
        let _ = stream.read(&mut read);
        let _ = stream.write_all(bytes);
        let _ = stream.flush();
        // Closing before all bytes are read would reset the connection, and the answer would be
        // lost.
        drain(stream);
    })
}

/// Sends this before it receives anything.
pub(crate) fn speak_first(bytes: &'static [u8]) -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(move |mut stream| {
        let _ = stream.write_all(bytes);
        drain(stream);
    })
}

/// Accepts, and closes.
pub(crate) fn close() -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(drop)
}

/// Reads a part of the request, and closes the connection.
pub(crate) fn close_in_the_middle() -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(|mut stream| {
        let mut read = [0; 64];
        let _ = stream.read(&mut read);
    })
}

/// How an HTTP/2 server treats the first request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trick {
    Reset(h2::Reason),
    GoAway,
}

/// Speaks HTTP/2, and plays its trick on the first request.
pub(crate) fn http2(trick: Trick) -> Box<dyn FnOnce(TcpStream) + Send> {
    Box::new(move |stream| {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            stream.set_nonblocking(true).unwrap();
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
            match trick {
                Trick::Reset(reason) => {
                    respond.send_reset(reason);
                    connection.graceful_shutdown();
                }
                Trick::GoAway => connection.abrupt_shutdown(h2::Reason::NO_ERROR),
            }
            // Until everything is sent and the peer has closed.
            while let Some(Ok(_)) = connection.accept().await {}
        });
    })
}

fn drain(mut stream: TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut read = [0; 4096];
    while matches!(stream.read(&mut read), Ok(1..)) {}
}
