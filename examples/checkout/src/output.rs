//! The output for the user: results on standard output, progress and problems on standard error.

use std::io::{self, Write};
use std::net::SocketAddr;

use anyhow::Result;
use opentelemetry::trace::TraceId;
use otel_waterfall::{Page, Trace, print_json, print_report};
use terminal_size::{Width, terminal_size_of};

use crate::destination::Destination;
use crate::services::{Answer, DECLINED_SUFFIX, TRACE_ID};
use crate::story::checkout;

#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// With `json`, only spans are printed.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn progress(&self, line: &str) {
        if !self.json {
            self.complain(line);
        }
    }

    pub(crate) fn page(&self, page: &Page) {
        self.complain(&format!("the traces are on {}, until Ctrl-C", page.url()));
    }

    pub(crate) fn complain(&self, line: &str) {
        // If standard error is closed, there is nowhere to report it.
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    pub(crate) fn trace(&self, subject: &str, trace: &Trace) -> Result<()> {
        // Removes the colours if this is no terminal or `NO_COLOR` is set.
        let mut stdout = anstream::stdout().lock();
        match self.json {
            true => print_json(trace, &mut stdout)?,
            false => print_report(subject, trace, width(), &mut stdout)?,
        }
        Ok(())
    }

    /// Prints the trace id of a request whose spans are sent elsewhere.
    pub(crate) fn trace_id(
        &self,
        subject: &str,
        trace_id: Option<TraceId>,
        destination: &Destination,
    ) -> Result<()> {
        let mut stdout = anstream::stdout().lock();
        match (trace_id, destination) {
            (_, Destination::Nowhere(_)) => writeln!(stdout, "no trace  {subject} ({destination})"),
            (Some(trace_id), _) => writeln!(stdout, "trace {trace_id}  {subject}"),
            (None, _) => writeln!(stdout, "no trace  {subject} (not sampled)"),
        }?;
        Ok(stdout.flush()?)
    }

    pub(crate) fn answer(&self, answer: &Answer, destination: &Destination) -> Result<()> {
        let subject = format!("this request → {}", answer.status.as_u16());
        self.trace_id(&subject, answer.trace_id, destination)
    }

    /// Prints how to send a request to the gateway, and where to find its trace.
    pub(crate) fn invite(&self, gateway: SocketAddr, destination: &Destination) -> Result<()> {
        let url = format!("http://{gateway}/checkout");
        if self.json {
            self.complain(&url);
            return Ok(());
        }
        let basket = serde_json::to_string(&checkout("4242", 2))?;
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "\nsend checkouts, as many lines as you like:\n")?;
        writeln!(
            stdout,
            "  curl -i {url} -H 'content-type: application/json' -d '{basket}'\n"
        )?;
        match destination {
            Destination::Here => writeln!(
                stdout,
                "the trace of each is shown here; its id stands in the header {TRACE_ID}"
            ),
            Destination::Collector(..) => writeln!(
                stdout,
                "{destination}; the id of each trace stands here and in the header {TRACE_ID}"
            ),
            Destination::Nowhere(_) => writeln!(stdout, "{destination}"),
        }?;
        writeln!(
            stdout,
            "cards ending in {DECLINED_SUFFIX} are declined; Ctrl-C stops the services"
        )?;
        stdout.flush()?;
        Ok(())
    }
}

fn width() -> usize {
    terminal_size_of(io::stdout()).map_or(WITHOUT_TERMINAL, |(Width(columns), _)| {
        usize::from(columns).clamp(NARROWEST, WIDEST)
    })
}

const WITHOUT_TERMINAL: usize = 100;
/// In a narrower terminal there is no room for the bars.
const NARROWEST: usize = 40;
/// In wider lines, the eye loses the connection between name and duration.
const WIDEST: usize = 140;
