//! What the user sees: results on standard output, progress and complaints on standard error.

use std::io::{self, Write};
use std::net::SocketAddr;

use anyhow::Result;
use opentelemetry::trace::TraceId;
use terminal_size::{Width, terminal_size_of};

use crate::services::DECLINED_SUFFIX;
use crate::story::checkout;
use crate::trace::Trace;
use crate::{json, report};

#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// With `json` nothing but spans is printed.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn progress(&self, line: &str) {
        if !self.json {
            self.complain(line);
        }
    }

    pub(crate) fn complain(&self, line: &str) {
        // Nobody is left to be told that standard error is closed.
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    pub(crate) fn trace(&self, subject: &str, trace: &Trace) -> Result<()> {
        // Leaves out the colours unless this is a terminal and `NO_COLOR` is not set.
        let mut stdout = anstream::stdout().lock();
        match self.json {
            true => json::print(trace, &mut stdout)?,
            false => report::print(subject, trace, width(), &mut stdout)?,
        }
        Ok(())
    }

    pub(crate) fn trace_id(&self, subject: &str, trace_id: TraceId) -> Result<()> {
        writeln!(anstream::stdout(), "trace {trace_id}  {subject}")?;
        Ok(())
    }

    /// How to send a request to the gateway.
    pub(crate) fn invite(&self, gateway: SocketAddr) -> Result<()> {
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
            "  curl {url} -H 'content-type: application/json' -d '{basket}'\n"
        )?;
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
/// Below this, nothing is left for the bars.
const NARROWEST: usize = 40;
/// Beyond this, the eye loses the line between name and duration.
const WIDEST: usize = 140;
