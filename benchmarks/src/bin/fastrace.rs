//! The middlewares of fastrace, as `request` runs the others.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use benchmarks::column::Request;
use benchmarks::frameworks::{axum, reqwest, tonic};
use benchmarks::request::counted_requests;
use benchmarks::setup::Setup;
use clap::{Parser, ValueEnum};
use fastrace::collector::{Config, Reporter, SpanRecord};
use fastrace::prelude::{Span, SpanContext};
use fastrace_axum::FastraceLayer;
use fastrace_tonic::FastraceServerLayer;
use tower::Layer;

#[derive(Parser)]
struct Arguments {
    framework: Framework,
    requests: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Framework {
    Axum,
    Reqwest,
    Tonic,
}

fn main() -> Result<()> {
    let Arguments {
        framework,
        requests,
    } = Arguments::parse();
    fastrace::set_reporter(Dropping, Config::default());
    let mut request = match framework {
        Framework::Axum => axum::drive(axum::routes().layer(FastraceLayer::default()), Setup::C),
        Framework::Reqwest => client()?,
        Framework::Tonic => {
            let layer = FastraceServerLayer::default();
            tonic::drive(layer.layer(tonic::routes()), Setup::C)
        }
    };
    counted_requests(&mut *request, requests);
    fastrace::flush();
    let reported = REPORTED.load(Ordering::Relaxed);
    ensure!(reported == requests, "{reported} spans of {requests}");
    Ok(())
}

/// fastrace-reqwest creates the headers of a request, and leaves the span to its user.
fn client() -> Result<Request> {
    let caller = SpanContext::decode_w3c_traceparent(Setup::C.traceparent());
    let caller = caller.context("the caller's context")?;
    let client = reqwest::canned(reqwest::client());
    Ok(Box::new(move || {
        let span = Span::root("GET", caller);
        let entered = span.set_local_parent();
        let request = reqwest::get(&client).headers(fastrace_reqwest::traceparent_headers());
        futures_executor::block_on(reqwest::call(request));
        drop(entered);
    }))
}

static REPORTED: AtomicU32 = AtomicU32::new(0);

struct Dropping;

impl Reporter for Dropping {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        let count = u32::try_from(spans.len()).unwrap_or_default();
        REPORTED.fetch_add(count, Ordering::Relaxed);
        drop(std::hint::black_box(spans));
    }
}
