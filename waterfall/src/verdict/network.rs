//! Time between a call and the server that answered it: network, queue, connecting, the client.

use std::time::Duration;

use super::finding::{Finding, largest, percent};
use crate::text::duration_text;
use crate::trace::Trace;

/// A call that took much longer than its server. Only durations count, so the clocks need not
/// agree.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let calls = trace.spans().iter();
    largest(
        calls
            .filter(|span| span.is_call() && !span.is_error())
            .filter_map(|call| {
                let server = trace.other_side(call)?;
                let between = call.duration().checked_sub(server.duration())?;
                // Other spans in the call are not time between the two.
                let children = trace.children(call).count();
                if between < SHORTEST || children > 1 {
                    return None;
                }
                let share = between.as_secs_f64() / trace.duration().as_secs_f64();
                let text = format!(
                    "`{}` of {} took {}, {} needed {} of it: {} ({}) was between them: \
                     network, queue, connecting or the client itself",
                    call.name,
                    call.service,
                    duration_text(call.duration()),
                    server.service,
                    duration_text(server.duration()),
                    duration_text(between),
                    percent(share),
                );
                (share <= 1.0).then(|| Finding::new(share, [call], text))
            })
            .filter(|finding| finding.share >= WORTH_A_WORD),
    )
}

/// Shorter times occur in any call on a busy machine.
const SHORTEST: Duration = Duration::from_millis(5);
const WORTH_A_WORD: f64 = 0.2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;
    use crate::testing::{call, span};

    #[test]
    fn time_between_client_and_server() {
        let sentence = "`POST /pay` of orders took 80.0 ms, payment needed 10.0 ms of it: \
                        70.0 ms (70 %) was between them: network, queue, connecting or the \
                        client itself";
        let call = || call(2, 1, "orders", "POST /pay", 10..90);
        let server = |ms| span(3, 2, "payment", "POST /pay", ms);
        let table: [(Vec<Span>, Option<&str>); 5] = [
            (vec![call(), server(70..80)], Some(sentence)),
            // A clock that is wrong by minutes.
            (vec![call(), server(100_000..100_010)], Some(sentence)),
            (vec![call(), server(12..88)], None),
            // There is no span of the server.
            (vec![call()], None),
            // The call gave up, which says nothing about the network.
            (vec![call().failed("timeout"), server(70..80)], None),
        ];
        for (mut spans, expected) in table {
            spans.push(span(1, 0, "orders", "root", 0..100));
            let text = find(&Trace::new(spans.clone())).map(|finding| finding.text);
            assert_eq!(text.as_deref(), expected, "{spans:?}");
        }
    }
}
