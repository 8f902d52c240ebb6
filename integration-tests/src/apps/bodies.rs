//! The bodies of the streaming routes.

use std::io;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};

/// An item of a streamed body.
pub type Chunk = io::Result<Bytes>;

/// Three chunks, sent as they come.
pub fn chunks() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["one ", "two ", "three"]).map(text)
}

/// Server-sent events.
pub fn events() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["data: one\n\n", "data: two\n\n"]).map(text)
}

/// As many bytes as [`NEVER_ENDING_LENGTH`] says, after which whoever asks for more waits forever.
pub fn never_ending() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["four", "five"])
        .map(text)
        .chain(stream::pending())
}

/// The Content-Length of [`never_ending`], and of [`short`].
pub const NEVER_ENDING_LENGTH: &str = "8";

/// Ends before as many bytes as [`NEVER_ENDING_LENGTH`] says.
pub fn short() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["four"]).map(text)
}

/// Goes on until nobody reads it any more.
pub fn endless() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::repeat("more and more ")
        .map(text)
        .then(async |chunk| {
            tokio::task::yield_now().await;
            chunk
        })
}

/// Says nothing more after the first chunk.
pub fn stalled() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["one "]).map(text).chain(stream::pending())
}

/// Fails after the first chunk.
pub fn broken() -> impl Stream<Item = Chunk> + Send + 'static {
    failing(|| io::Error::other("the source dried up"))
}

/// Fails after the first chunk because its own source takes too long.
pub fn late() -> impl Stream<Item = Chunk> + Send + 'static {
    failing(|| io::Error::other(io::Error::from(io::ErrorKind::TimedOut)))
}

fn failing(error: fn() -> io::Error) -> impl Stream<Item = Chunk> + Send + 'static {
    let broken = stream::once(async move {
        // The first chunk gets the time to be written before the connection is broken off.
        tokio::task::yield_now().await;
        Err(error())
    });
    stream::iter(["one "]).map(text).chain(broken)
}

fn text(chunk: &'static str) -> Chunk {
    Ok(Bytes::from_static(chunk.as_bytes()))
}
