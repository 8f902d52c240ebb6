//! The memory that remains after a million requests that all differ.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use otel_middleware_axum::OtelLayer;
use tower::ServiceExt;

use crate::column::Column;
use crate::setup::Setup;

/// Prints the resident memory during the run, and fails if the last 900,000 requests added to it.
pub fn print() -> Result<()> {
    let column: Column = "axum/otel-middleware-axum".parse()?;
    let _export_metrics = column.install(Setup::D);
    let service = Router::new()
        .route("/orders/{id}", get(async || "order"))
        .layer(OtelLayer::new())
        .with_state(());

    println!("| requests | resident |\n|---|---|");
    let (mut early, mut late) = (0, 0);
    for number in 1..=1_000_000_u32 {
        futures_executor::block_on(request(&service, number))?;
        if matches!(number, 1_000 | 10_000 | 100_000 | 1_000_000) {
            late = resident_kibibytes()?;
            println!("| {number} | {late} KiB |");
        }
        if number == 100_000 {
            early = late;
        }
    }
    ensure!(late <= early + 64, "memory grew by {} KiB", late - early);
    Ok(())
}

/// Only every tenth request has a unique method, so that most of them reach the route.
async fn request(service: &Router, number: u32) -> Result<()> {
    let method = match number % 10 {
        0 => format!("M{number}"),
        _ => "GET".to_owned(),
    };
    let request = Request::builder()
        .method(method.as_str())
        .uri(format!("/orders/{number}?page={number}"))
        .header("host", format!("shop-{number}.example:8080"))
        .header("user-agent", format!("agent/{number}"))
        .header("traceparent", format!("00-{number:032x}-{number:016x}-01"))
        .header("tracestate", format!("k{number}=v{number}"))
        .header("baggage", format!("b{number}={number}"));
    let Ok(response) = service.clone().oneshot(request.body(Body::empty())?).await;
    response.into_body().collect().await?;
    Ok(())
}

fn resident_kibibytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("VmRSS")?.parse()?)
}
