//! The middlewares together, and with others: tower-http, tracing, the OpenTelemetry SDK.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod chain;
mod rules;
mod tower_http;
mod tracing;
