//! Over sockets: the same request over HTTP/1.1, on persistent connections.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::column::FLOOR;
use crate::measure::this_program;

/// Prints a table for each number of connections, with the medians of rounds in which the columns
/// take turns.
pub fn print(seconds: u64) -> Result<()> {
    let servers = COLUMNS
        .iter()
        .map(|column| {
            let mut program = this_program();
            program.args(["serve".to_owned(), format!("axum/{column}")]);
            Server::start(program)
        })
        .collect::<Result<Vec<_>>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for connections in [1, 16, 32, 256] {
        println!("| {connections} connections | requests/s | of bare | p50 | p99 |");
        println!("|---|---|---|---|---|");
        let mut rounds = vec![Vec::new(); servers.len()];
        for _ in 0..ROUNDS {
            for (server, rounds) in servers.iter().zip(&mut rounds) {
                let round = load(server.port, connections, Duration::from_secs(seconds));
                rounds.push(runtime.block_on(round)?);
            }
        }
        let medians = rounds.iter().map(|rounds| Round::median(rounds));
        let medians: Vec<_> = medians.collect();
        let bare = medians.first().map_or(1, |round| round.per_second.max(1));
        for (column, round) in COLUMNS.iter().zip(&medians) {
            let Round {
                per_second,
                p50,
                p99,
            } = round;
            let share = per_second * 100 / bare;
            println!("| {column} | {per_second} | {share} % | {p50} µs | {p99} µs |");
        }
        println!();
    }
    Ok(())
}

const COLUMNS: [&str; 5] = [
    "bare",
    FLOOR,
    "otel-middleware-axum",
    "opentelemetry-instrumentation-tower",
    "axum-tracing-opentelemetry",
];
const ROUNDS: usize = 15;

/// A process that serves until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a program that prints its port.
    pub(crate) fn start(mut program: Command) -> Result<Self> {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("piped")?).read_line(&mut line)?;
        Ok(Self {
            child,
            port: line.trim().parse()?,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // This ends its standard input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[derive(Clone, Copy)]
struct Round {
    per_second: u64,
    p50: u64,
    p99: u64,
}

impl Round {
    /// The median of each number separately.
    fn median(rounds: &[Self]) -> Self {
        let median = |of: fn(&Self) -> u64| {
            let mut values: Vec<_> = rounds.iter().map(of).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        Self {
            per_second: median(|round| round.per_second),
            p50: median(|round| round.p50),
            p99: median(|round| round.p99),
        }
    }
}

async fn load(port: u16, connections: usize, duration: Duration) -> Result<Round> {
    let mut latencies = latencies(port, connections, duration, REQUEST).await?;
    latencies.sort_unstable();
    let percentile = |percent: usize| {
        let index = latencies.len() * percent / 100;
        latencies.get(index).copied().unwrap_or_default()
    };
    let count = u64::try_from(latencies.len())?;
    Ok(Round {
        per_second: count / duration.as_secs().max(1),
        p50: percentile(50),
        p99: percentile(99),
    })
}

/// The latency of each request in microseconds. All requests are the same.
pub(crate) async fn latencies(
    port: u16,
    connections: usize,
    duration: Duration,
    request: &'static [u8],
) -> Result<Vec<u64>> {
    let local = tokio::task::LocalSet::new();
    let all = local.run_until(async {
        let end = Instant::now() + duration;
        let tasks: Vec<_> = (0..connections)
            .map(|_| tokio::task::spawn_local(connection(port, end, request)))
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        anyhow::Ok(latencies)
    });
    all.await
}

/// Sends one request after another; returns the microseconds that each took.
async fn connection(port: u16, end: Instant, request: &[u8]) -> Result<Vec<u64>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut buffer = [0; 1024];
    while Instant::now() < end {
        let started = Instant::now();
        stream.write_all(request).await?;
        let mut read = 0;
        while !buffer.get(..read).is_some_and(|read| read.ends_with(BODY)) {
            let free = buffer.get_mut(read..).unwrap_or_default();
            read += stream.read(free).await?;
        }
        latencies.push(u64::try_from(started.elapsed().as_micros())?);
    }
    Ok(latencies)
}

macro_rules! request {
    ($($header:literal),*) => {
        concat!(
            "GET /orders/42 HTTP/1.1\r\n",
            "host: shop.example:8080\r\n",
            "user-agent: benchmarks/1.0\r\n",
            "accept: */*\r\n",
            "accept-encoding: gzip\r\n",
            $($header, "\r\n",)*
            "\r\n"
        )
        .as_bytes()
    };
}

/// The request of a sampled caller.
pub(crate) const REQUEST: &[u8] = request!(
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate: congo=t61rcWkgMzE"
);
/// The same from a caller without a trace context.
pub(crate) const ROOT: &[u8] = request!();
const BODY: &[u8] = b"{\"id\":\"42\"}";
