//! Prints the tables of `docs/performance.md`.

use anyhow::Result;
use benchmarks::bridges;
use benchmarks::column::Column;
use benchmarks::pipeline;
use benchmarks::pipeline::run::Run;
use benchmarks::pipeline::stack::Stack;
use benchmarks::pipeline::subject::Protocol;
use benchmarks::request;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// In process: every column in every set-up. The default.
    Tables {
        /// One framework only.
        framework: Option<String>,
    },
    /// How the cost grows with the routes and the labels.
    Growth,
    /// A million requests with a million distinct paths, methods, hosts and agents.
    Memory,
    /// Over sockets: requests per second and latencies.
    Sockets {
        /// Seconds of each round.
        #[arg(default_value_t = 1)]
        seconds: u64,
    },
    /// The cost of fastrace on the request's thread and in all, beside the suite.
    Fastrace,
    /// Whether the middlewares need more instructions than before.
    Guard {
        /// Record the present numbers.
        #[arg(long)]
        write: bool,
    },
    /// The cost of spans and events of `tracing`.
    Tracing,
    /// Whole process: requests whose spans are exported to a receiver in another process.
    Pipeline {
        /// Seconds of each round at full load.
        #[arg(default_value_t = 4)]
        seconds: u64,
    },
    /// Whole process: the cost of requests that begin a trace, with head sampling.
    HeadSampling {
        /// Seconds of each round at full load.
        #[arg(default_value_t = 4)]
        seconds: u64,
    },
    /// The process that is measured for `tracing`.
    Bridge(bridges::run::Arguments),
    /// The process that is measured.
    Request(request::Arguments),
    /// The process that is measured for `pipeline`.
    PipelineRun {
        stack: Stack,
        protocol: Protocol,
        #[command(subcommand)]
        run: Run,
    },
    /// The receiver of `pipeline`.
    PipelineSink,
    /// The server of `sockets`.
    Serve { column: Column },
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        None => benchmarks::tables::print(None),
        Some(What::Tables { framework }) => benchmarks::tables::print(framework.as_deref()),
        Some(What::Growth) => benchmarks::growth::print(),
        Some(What::Memory) => benchmarks::memory::print(),
        Some(What::Sockets { seconds }) => benchmarks::sockets::print(seconds),
        Some(What::Guard { write: false }) => benchmarks::guard::check(),
        Some(What::Guard { write: true }) => benchmarks::guard::write(),
        Some(What::Fastrace) => benchmarks::fastrace_costs::print(),
        Some(What::Tracing) => benchmarks::bridges::table::print(),
        Some(What::Pipeline { seconds }) => pipeline::print(seconds),
        Some(What::HeadSampling { seconds }) => pipeline::print_head_sampling(seconds),
        Some(What::PipelineRun {
            stack,
            protocol,
            run,
        }) => pipeline::run::run(run, || stack.subject(protocol)),
        Some(What::PipelineSink) => pipeline::sink::run(),
        Some(What::Bridge(arguments)) => bridges::run::run(arguments),
        Some(What::Request(arguments)) => request::run(arguments),
        Some(What::Serve { column }) => benchmarks::serve::run(column),
    }
}
