//! Spans that are open when telemetry ends.
//!
//! The SDK does not export spans that end later. Requests that a server or a runtime has just
//! dropped end on other threads: actix does not wait for the threads of its workers.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::destinations::Destinations;
use crate::notice::Notice;

/// Waits for open spans, for a fifth of `timeout` and at most a second, and reports how many are
/// lost.
pub(crate) fn wait_for_open_spans(destinations: &Destinations, timeout: Duration) {
    let deadline = Instant::now() + LONGEST.min(timeout / 5);
    // It polls, because a notification would cost something at the end of each span.
    while destinations.open() > 0 && Instant::now() < deadline {
        thread::sleep(BETWEEN);
    }
    let open = destinations.open();
    if open > 0 {
        let (spans, are) = if open == 1 {
            ("span", "is")
        } else {
            ("spans", "are")
        };
        Notice::warning(format!("{open} {spans} {are} {STILL_OPEN}")).say();
    }
}

const LONGEST: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(1);
const STILL_OPEN: &str = "still open when telemetry is shut down, and lost: end the runtime \
     before, as Telemetry::run does";
