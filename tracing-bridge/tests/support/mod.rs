//! The exported telemetry, and the written lines.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io;
use std::sync::{Arc, Mutex};

use opentelemetry_sdk::logs::in_memory_exporter::LogDataWithResource;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::fmt::MakeWriter;

/// Providers that export into memory.
pub(crate) struct Exported {
    pub(crate) traces: SdkTracerProvider,
    pub(crate) logs: SdkLoggerProvider,
    spans: InMemorySpanExporter,
    records: InMemoryLogExporter,
}

impl Exported {
    pub(crate) fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let records = InMemoryLogExporter::default();
        Self {
            traces: SdkTracerProvider::builder()
                .with_simple_exporter(spans.clone())
                .build(),
            logs: SdkLoggerProvider::builder()
                .with_simple_exporter(records.clone())
                .build(),
            spans,
            records,
        }
    }

    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    pub(crate) fn records(&self) -> Vec<LogDataWithResource> {
        self.records.get_emitted_logs().unwrap()
    }
}

/// What was written.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
