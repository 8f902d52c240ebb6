//! The process at full load: one stack, served on a port that it prints.

use std::io::Read;
use std::net::Ipv4Addr;

use anyhow::Result;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::stack::{Protocol, Stack};

/// One stack over one protocol.
#[derive(Debug, Parser)]
pub struct Arguments {
    stack: Stack,
    protocol: Protocol,
}

/// Serves until the standard input ends, and exports what is left.
pub fn run(arguments: &Arguments) -> Result<()> {
    // As under `#[tokio::main]`.
    let runtime = Runtime::new()?;
    let on_runtime = runtime.enter();
    let pipeline = arguments.stack.install(arguments.protocol)?;
    drop(on_runtime);
    let service = arguments.stack.service();
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = stop.send(());
    });
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        let server = axum::serve(listener, service).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        server.await
    })?;
    pipeline.shut_down()
}
