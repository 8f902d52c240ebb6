//! The stack of fastrace, as `pipeline-run` runs the others.

use std::borrow::Cow;

use anyhow::Result;
use benchmarks::frameworks::axum::routes;
use benchmarks::pipeline::run::{self, Run};
use benchmarks::pipeline::stack::span_exporter;
use benchmarks::pipeline::subject::{Protocol, Subject};
use clap::Parser;
use fastrace::collector::Config;
use fastrace::prelude::SpanContext;
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
        service: routes().layer(layer()),
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

/// As in its documentation. It has no samplers: of the requests that begin a trace, only as many as
/// a sampler would accept are given a context.
fn layer() -> FastraceLayer {
    let ratio = std::env::var("OTEL_TRACES_SAMPLER_ARG");
    let ratio: Option<f64> = ratio.ok().and_then(|ratio| ratio.parse().ok());
    let Some(ratio) = ratio.filter(|ratio| *ratio < 1.0) else {
        return FastraceLayer::default();
    };
    FastraceLayer::default().with_span_context_extractor(move |_| {
        let context = SpanContext::random();
        let place = (context.trace_id.0 & u128::from(u32::MAX)) as f64 / f64::from(u32::MAX);
        (place < ratio).then_some(context)
    })
}
