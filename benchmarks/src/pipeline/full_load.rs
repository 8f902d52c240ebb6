//! At full load: how many of the recorded spans arrive.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::sink::Sink;
use crate::sockets::{Server, latencies};

/// The answered requests, and those of their spans that arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivered {
    pub(super) requests: u64,
    pub(super) spans: u64,
    pub(super) seconds: u64,
}

impl Delivered {
    pub(super) fn add(&mut self, round: Self) {
        self.requests += round.requests;
        self.spans += round.spans;
        self.seconds += round.seconds;
    }

    pub(super) fn per_second(self) -> u64 {
        self.requests / self.seconds.max(1)
    }
}

/// A load: the number of connections, the duration and the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) connections: usize,
    pub(super) seconds: u64,
    pub(super) request: &'static [u8],
}

/// Sends requests as fast as the server answers, and then stops the server in the normal way, so
/// that it exports the rest.
pub(super) fn round(server: Command, sink: &mut Sink, load: Load) -> Result<Delivered> {
    let Load {
        connections,
        seconds,
        request,
    } = load;
    let server = Server::start(server)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let duration = Duration::from_secs(seconds);
    let load = latencies(server.port, connections, duration, request);
    let requests = runtime.block_on(load)?.len();
    // Waits until it has ended.
    drop(server);
    Ok(Delivered {
        requests: u64::try_from(requests)?,
        spans: sink.accepted()?,
        seconds,
    })
}
