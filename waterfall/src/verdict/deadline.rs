//! A server that kept working after its caller had given up.

use super::finding::{Finding, largest, percent, share};
use crate::span::Span;
use crate::text::duration_text;
use crate::trace::Trace;

/// The call timed out, and the server took longer than the call. Only durations count, so the
/// clocks need not agree.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let calls = trace.spans().iter();
    largest(
        calls
            .filter(|span| span.is_call() && ran_out_of_time(span))
            .filter_map(|call| {
                let server = trace.other_side(call)?;
                let longer = server.duration().checked_sub(call.duration())?;
                if longer.is_zero() {
                    return None;
                }
                let share = share(trace, [call.interval()]);
                let text = format!(
                    "{} gave `{}` up after {} ({}), {} worked on it for {} longer",
                    call.service,
                    call.name,
                    duration_text(call.duration()),
                    percent(share),
                    server.service,
                    duration_text(longer),
                );
                Some(Finding::new(share, [call, server], text))
            }),
    )
}

fn ran_out_of_time(call: &Span) -> bool {
    let code = call.rpc_status();
    let said = [call.error_type(), code].into_iter().flatten();
    let mut said = said.map(str::to_ascii_lowercase);
    call.is_error()
        && said.any(|said| {
            ["timeout", "timedout", "timed_out", "deadline"]
                .iter()
                .any(|word| said.contains(word))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, span};

    #[test]
    fn server_slower_than_the_deadline_of_its_caller() {
        let table = [
            ("DEADLINE_EXCEEDED", 12..80, true),
            ("timeout", 12..80, true),
            // The server was in time; the answer was lost.
            ("timeout", 12..20, false),
            ("connection", 12..80, false),
        ];
        for (error, server, expected) in table {
            let trace = Trace::new(vec![
                span(1, 0, "gateway", "root", 0..50),
                call(2, 1, "gateway", "GET /slow", 10..40).failed(error),
                span(3, 2, "orders", "GET /slow", server),
            ]);
            let text = find(&trace).map(|finding| finding.text);
            let sentence = "gateway gave `GET /slow` up after 30.0 ms (60 %), \
                            orders worked on it for 38.0 ms longer";
            assert_eq!(text.as_deref(), expected.then_some(sentence), "{error}");
        }
    }

    #[test]
    fn call_that_was_in_time_has_no_deadline_to_miss() {
        let trace = Trace::new(vec![
            call(2, 0, "gateway", "GET /slow", 10..40),
            span(3, 2, "orders", "GET /slow", 10..80),
        ]);
        assert_eq!(find(&trace), None);
    }
}
