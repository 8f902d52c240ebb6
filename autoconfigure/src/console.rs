//! A line of the log with the ids that lead to its trace.

use std::fmt;

use opentelemetry::{Context, trace::TraceContextExt};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Writer},
    },
    registry::LookupSpan,
};

/// What the SDK and the exporters call themselves in the log.
pub(crate) fn is_opentelemetry(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("opentelemetry")
}

/// The usual format with `trace_id` and `span_id` at the end, where there is a span.
#[derive(Debug)]
pub(crate) struct Line {
    format: Format,
    ansi: bool,
}

impl Line {
    pub(crate) fn new(ansi: bool) -> Self {
        Self {
            format: Format::default().with_ansi(ansi),
            ansi,
        }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.format
            .format_event(cx, Writer::new(&mut line), event)?;
        writer.write_str(line.trim_end())?;
        // The SDK logs while it holds the stack of contexts, which must not be asked for then.
        if !is_opentelemetry(event.metadata()) {
            let current = Context::current();
            let span = current.span();
            let span = span.span_context();
            if span.is_valid() {
                let (dim, plain) = if self.ansi { (DIM, PLAIN) } else { ("", "") };
                let (trace_id, span_id) = (span.trace_id(), span.span_id());
                write!(writer, " {dim}trace_id={trace_id} span_id={span_id}{plain}")?;
            }
        }
        writeln!(writer)
    }
}

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";
