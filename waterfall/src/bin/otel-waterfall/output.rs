//! What the user sees: traces on standard output, everything else on standard error.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};
use otel_waterfall::{Put, Trace, print_json, print_report};
use terminal_size::{Width, terminal_size_of};

/// Prints on a separate thread, so that a slow terminal does not block services.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    queue: SyncSender<Page>,
    printer: JoinHandle<io::Result<()>>,
    skipped: u64,
}

/// A trace to be printed, with the name for its request.
struct Page(&'static str, Arc<Trace>);

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let (queue, pages) = mpsc::sync_channel::<Page>(WAITING);
        let printer = thread::spawn(move || {
            for Page(subject, trace) in pages {
                // Leaves out the colours unless this is a terminal and `NO_COLOR` is not set.
                let mut stdout = anstream::stdout().lock();
                match json {
                    true => print_json(&trace, &mut stdout)?,
                    false => print_report(subject, &trace, width(), &mut stdout)?,
                }
            }
            Ok(())
        });
        Self {
            json,
            queue,
            printer,
            skipped: 0,
        }
    }

    /// Prints a trace: every span for a script, a readable report for a person.
    ///
    /// # Errors
    /// If standard output is closed.
    pub(crate) fn trace(&mut self, put: &Put) -> Result<()> {
        if self.json {
            let sent = self.queue.send(Page("", put.arrived.clone()));
            return sent.map_err(|_| closed());
        }
        let subject = match put.was_known {
            true => "this request, of which more has arrived",
            false => "this request",
        };
        match self.queue.try_send(Page(subject, put.trace.clone())) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.skipped += 1;
                if self.skipped == 1 {
                    say("traces come faster than they can be printed; the page has all of them");
                }
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(closed()),
        }
    }

    /// Prints a trace, and waits until it is printed.
    ///
    /// # Errors
    /// If standard output is closed.
    pub(crate) fn old_trace(&mut self, trace: Arc<Trace>) -> Result<()> {
        let sent = self.queue.send(Page("this request", trace));
        sent.map_err(|_| closed())
    }

    /// Waits until everything is printed.
    pub(crate) fn end(self) -> Result<()> {
        drop(self.queue);
        if self.skipped > 0 {
            say(&format!("{} traces were not printed", self.skipped));
        }
        match self.printer.join() {
            Ok(printed) => Ok(printed?),
            Err(_) => Err(anyhow!("the printer has panicked")),
        }
    }
}

pub(crate) fn say(line: &str) {
    // If standard error is closed, there is nowhere to report it.
    let _ = writeln!(anstream::stderr(), "{line}");
}

fn closed() -> anyhow::Error {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}

fn width() -> usize {
    terminal_size_of(io::stdout()).map_or(WITHOUT_TERMINAL, |(Width(columns), _)| {
        usize::from(columns).clamp(NARROWEST, WIDEST)
    })
}

const WAITING: usize = 256;
const WITHOUT_TERMINAL: usize = 100;
/// In a narrower terminal there is no room for the bars.
const NARROWEST: usize = 40;
/// In wider lines, the eye loses the connection between name and duration.
const WIDEST: usize = 140;
