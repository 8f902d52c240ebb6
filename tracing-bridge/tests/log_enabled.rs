//! tokio-rs/tracing#2519: sqlx asks after each query whether a line would be written.
//!
//! In a program of its own: what subscribers of other tests want of a span decides whether filters
//! are asked about it.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use log::log_enabled;
use otel_tracing_bridge::{ContextSubscriber, RecordLayer, SpanLayer};
use support::Exported;
use tracing::{Level, info, info_span};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[test]
fn asking_whether_something_is_enabled_loses_nothing() {
    let exported = Exported::new();
    // More verbose than all others, or the filter would not be asked.
    let filter = || {
        Targets::new()
            .with_default(Level::INFO)
            .with_target("shop", Level::DEBUG)
    };
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(exported.traces.clone()).with_filter(filter()))
        .with(RecordLayer::new(&exported.logs).with_filter(filter()));
    let _default = ContextSubscriber::new(subscriber).set_default();
    for _ in 0..3 {
        let _ = log_enabled!(log::Level::Debug);
        info_span!("after").in_scope(|| {
            let _ = log_enabled!(log::Level::Debug);
            info!("after");
        });
    }
    assert_eq!(exported.spans().len(), 3);
    assert_eq!(exported.records().len(), 3);
}
