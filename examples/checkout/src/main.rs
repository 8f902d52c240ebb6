//! Five services, one trace, the culprit named.
//!
//! Starts a shop of five processes, sends three checkouts through it, collects their spans over
//! OTLP and prints where the time went. Each service needs only one line of code on a server,
//! whatever its framework, one on a client, and one on a producer and on a consumer of messages;
//! see `services/{server,client,producer,consumer}.rs`. The rest of the code tells the story.

mod arguments;
mod broker;
mod complaints;
mod destination;
mod fleet;
mod member;
mod output;
mod services;
mod session;
mod stop_signal;
mod story;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, Options};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Service(launch)) => launch.run().map(|()| ExitCode::SUCCESS),
        None => tell(arguments.options),
    };
    outcome.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        let _ = writeln!(io::stderr(), "{error:#}");
        ExitCode::FAILURE
    })
}

#[tokio::main]
async fn tell(options: Options) -> anyhow::Result<ExitCode> {
    session::run(options).await
}

/// The reader of our output, such as `head`, has read enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
