//! The layer that writes lines.

use std::io::{self, Write};

use opentelemetry::Context;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, layer};

use super::Line;
use super::place::Place;
use crate::takes::{Choice, is_opentelemetry};
use crate::value::with_buffer;

/// Writes a [`Line`] for each event, by default to standard error.
///
/// The fields of spans are those that a [`SpanLayer`](crate::SpanLayer) of the same subscriber
/// [keeps](crate::SpanLayer::keep_fields). They are formatted when an event is written. The `fmt`
/// layer of tracing-subscriber formats them when a span is created, which costs more than the span
/// itself.
///
/// Events during an export are not written, but those of the exporter itself are.
#[derive(Debug)]
#[must_use = "a layer does nothing until it is added to a subscriber"]
pub struct LineLayer<W = fn() -> io::Stderr> {
    line: Line,
    writer: W,
    choice: Choice,
}

impl LineLayer {
    /// Writes lines of this format to standard error.
    pub fn new(line: Line) -> Self {
        Self {
            line,
            writer: io::stderr,
            choice: Choice::default(),
        }
    }
}

impl<W> LineLayer<W> {
    /// Writes the lines to another writer. Each line is written at once.
    pub fn with_writer<W2>(self, writer: W2) -> LineLayer<W2>
    where
        W2: for<'a> MakeWriter<'a> + 'static,
    {
        LineLayer {
            line: self.line,
            writer,
            choice: self.choice,
        }
    }

    /// Writes only the events for which the filter returns true. By default all are written.
    ///
    /// The filter is called for each event, so it should be cheap. Records of the `log` crate have
    /// the target `log` here.
    pub fn filter(
        mut self,
        choice: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.choice = Choice::new(choice);
        self
    }

    fn is_worth_a_line(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        is_opentelemetry(target)
            || (target.starts_with("otel") || !Context::is_current_telemetry_suppressed())
                && self.choice.takes(metadata)
    }
}

impl<S, W> Layer<S> for LineLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, cx: layer::Context<'_, S>) {
        let metadata = event.metadata();
        if self.line.is_off() || !self.is_worth_a_line(metadata) {
            return;
        }
        let place = Place {
            span: cx.event_span(event),
            formatted: None,
            extras: &self.line.extras,
        };
        with_buffer(|buffer| {
            if self
                .line
                .write(buffer, self.line.ansi, event, &place)
                .is_ok()
            {
                // If the line cannot be written, there is nowhere to report it.
                let _ = self
                    .writer
                    .make_writer_for(metadata)
                    .write_all(buffer.as_bytes());
            }
        });
    }
}
