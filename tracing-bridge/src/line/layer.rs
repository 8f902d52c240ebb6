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

/// Writes a [`Line`] for each event, by default on standard error.
///
/// The fields of spans are those that a [`SpanLayer`](crate::SpanLayer) of the same subscriber
/// [keeps](crate::SpanLayer::keep_fields), and are formatted when an event is written: the `fmt` layer
/// of tracing-subscriber formats the fields of each span when it is made, which costs more than the
/// span itself.
///
/// What happens during an export is not worth a line, but what the exporter says about it is.
#[derive(Debug)]
#[must_use = "a layer does nothing until it is added to a subscriber"]
pub struct LineLayer<W = fn() -> io::Stderr> {
    line: Line,
    writer: W,
    choice: Choice,
}

impl LineLayer {
    /// Writes lines of this format on standard error.
    pub fn new(line: Line) -> Self {
        Self {
            line,
            writer: io::stderr,
            choice: Choice::default(),
        }
    }
}

impl<W> LineLayer<W> {
    /// Writes them elsewhere. Each line is written at once.
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

    /// Writes only the events that are chosen. All by default.
    ///
    /// It is asked for each event, and should be cheap. Records of the `log` crate have the target
    /// `log` here.
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
                // Nobody is left to be told that there is nowhere to write to.
                let _ = self
                    .writer
                    .make_writer_for(metadata)
                    .write_all(buffer.as_bytes());
            }
        });
    }
}
