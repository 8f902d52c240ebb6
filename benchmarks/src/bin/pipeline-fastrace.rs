//! The stack of fastrace, as `pipeline-run` has the others.

use std::borrow::Cow;

use anyhow::Result;
use benchmarks::frameworks::axum::routes;
use benchmarks::pipeline::run::{self, Run};
use benchmarks::pipeline::stack::span_exporter;
use benchmarks::pipeline::subject::{Protocol, Subject};
use clap::Parser;
use fastrace::collector::Config;
use fastrace_axum::FastraceLayer;
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;

#[derive(Parser)]
struct Arguments {
    protocol: Protocol,
    #[command(subcommand)]
    run: Run,
}

fn main() -> Result<()> {
    let Arguments { protocol, run } = Arguments::parse();
    run::run(run, || subject(protocol))
}

fn subject(protocol: Protocol) -> Result<Subject> {
    let scope = InstrumentationScope::builder("benchmarks").build();
    let resource = Cow::Owned(Resource::builder().build());
    let reporter = OpenTelemetryReporter::new(span_exporter(protocol)?, resource, scope);
    fastrace::set_reporter(reporter, Config::default());
    Ok(Subject {
        service: routes().layer(FastraceLayer::default()),
        flush: Box::new(|| {
            fastrace::flush();
            Ok(())
        }),
        shut_down: Box::new(|| {
            fastrace::flush();
            Ok(())
        }),
    })
}
