//! See your own traces: receives OTLP, draws each trace in the terminal and on a page, and says
//! where the time went.

mod file;
mod live;
mod options;
mod output;
mod stop_signal;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.open {
        Some(path) => file::show(path, &options).await,
        None => live::run(&options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The reader of our output, such as `head`, has read enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
