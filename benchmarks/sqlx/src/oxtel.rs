//! oxtel's own SDK, set up as in its documentation.

use std::any::Any;
use std::sync::atomic::Ordering;

use anyhow::Result;
use oxtel::sdk::export::ExportError;
use oxtel::sdk::trace::{SpanData, SpanProcessor};

use crate::sdk::{ENDED, caller};
use crate::setup::Setup;

/// Keep the returned value.
pub(crate) fn install(setup: Setup) -> Result<Box<dyn Any>> {
    if !setup.has_sdk() {
        return Ok(Box::new(()));
    }
    let builder = oxtel::builder()
        .without_env_exporters()
        .without_local_logs()
        .with_traces(|traces| traces.with_processor(Dropping));
    let guard = match setup.has_metrics() {
        true => builder.with_pull_metrics().install()?,
        false => builder.install()?,
    };
    let parent = oxtel::propagation::extract_parent(&caller(setup));
    // A remote parent counts for one span only, such as that of the request around the queries.
    let request = tracing::info_span!("request").entered();
    drop(parent);
    Ok(Box::new((request, guard)))
}

#[derive(Debug)]
struct Dropping;

impl SpanProcessor for Dropping {
    fn on_end(&self, span: SpanData) {
        ENDED.fetch_add(1, Ordering::Relaxed);
        drop(std::hint::black_box(span));
    }

    fn force_flush(&self) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&self) -> Result<(), ExportError> {
        Ok(())
    }
}
