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

/// As many bytes as [`NEVER_ENDING_LENGTH`] says. Polled once more, it stays pending for ever.
pub fn never_ending() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["four", "five"])
        .map(text)
        .chain(stream::pending())
}

/// The `Content-Length` of [`never_ending`] and of [`short`].
pub const NEVER_ENDING_LENGTH: &str = "8";

/// Fewer bytes than [`NEVER_ENDING_LENGTH`] says.
pub fn short() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["four"]).map(text)
}

/// Continues until nobody reads it any more.
pub fn endless() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::repeat("more and more ")
        .map(text)
        .then(async |chunk| {
            tokio::task::yield_now().await;
            chunk
        })
}

/// Stays pending after the first chunk.
pub fn stalled() -> impl Stream<Item = Chunk> + Send + 'static {
    stream::iter(["one "]).map(text).chain(stream::pending())
}

/// Fails after the first chunk.
pub fn broken() -> impl Stream<Item = Chunk> + Send + 'static {
    failing(|| io::Error::other("the source dried up"))
}

/// Fails after the first chunk because its source takes too long.
pub fn late() -> impl Stream<Item = Chunk> + Send + 'static {
    failing(|| io::Error::other(io::Error::from(io::ErrorKind::TimedOut)))
}

fn failing(error: fn() -> io::Error) -> impl Stream<Item = Chunk> + Send + 'static {
    let broken = stream::once(async move {
        // Gives the first chunk time to be written before the connection is broken.
        tokio::task::yield_now().await;
        Err(error())
    });
    stream::iter(["one "]).map(text).chain(broken)
}

fn text(chunk: &'static str) -> Chunk {
    Ok(Bytes::from_static(chunk.as_bytes()))
}
