//! A call that was repeated because it had failed.

use std::iter;

use super::finding::{Finding, is_sequence, largest, percent, share, siblings};
use crate::span::{Kind, Span};
use crate::trace::Trace;

/// Attempts in sequence of which all but the last failed. The last may have failed, too.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let groups = siblings(trace, key).into_iter();
    largest(groups.filter_map(|group| {
        let (last, earlier) = group.split_last()?;
        let may_be_repeated = !earlier.is_empty() && earlier.iter().all(|span| is_passing(span));
        // If all calls failed, they may be about different things, unless their identity is known.
        let is_one_thing = !last.is_error() || identity(last).is_some();
        if !may_be_repeated || !is_one_thing || !is_sequence(&group) {
            return None;
        }
        let start = group.first()?.start_unix_nano;
        // Includes the time between the attempts.
        let share = share(trace, iter::once(start..last.end_unix_nano));
        let Span { service, name, .. } = last;
        let why = earlier.iter().rev().find_map(|span| span.error_type());
        let why = why.map(|why| format!(" (`{why}`)")).unwrap_or_default();
        let outcome = match last.is_error() {
            true => "all of which failed",
            false => "of which only the last succeeded",
        };
        let (count, percent) = (group.len(), percent(share));
        let text =
            format!("`{name}` of {service} took {count} attempts ({percent}), {outcome}{why}");
        Some(Finding::new(share, group, text))
    }))
}

fn key(span: &Span) -> Option<(&str, &str, &str, &str)> {
    let place = span.attributes.text("server.address").unwrap_or_default();
    let identity = identity(span).unwrap_or_default();
    (span.kind == Kind::Client).then_some((&span.service, &span.name, identity, place))
}

/// The identity of a call, with all details.
fn identity(span: &Span) -> Option<&str> {
    let keys = ["url.full", "http.url", "db.query.text", "db.statement"];
    keys.iter().find_map(|key| span.attributes.text(key))
}

/// An error after which the same call may succeed. A missing resource is not retried.
fn is_passing(span: &Span) -> bool {
    let code = span.rpc_status().unwrap_or_default();
    span.is_error()
        && !LASTING.contains(&code)
        && span
            .http_status()
            .is_none_or(|status| status >= 500 || [408, 425, 429].contains(&status))
}

/// The gRPC codes that a retry does not change.
const LASTING: [&str; 9] = [
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "DATA_LOSS",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, span};

    fn found(children: Vec<Span>) -> Option<String> {
        let mut spans = vec![span(1, 0, "orders", "root", 0..100)];
        spans.extend(children);
        find(&Trace::new(spans)).map(|finding| finding.text)
    }

    #[test]
    fn what_is_and_what_is_not_a_retry() {
        let answered = |id: u64, status: i64, ms| {
            let pay = call(id, 1, "orders", "POST /pay", ms).with("url.full", "http://pay/7");
            pay.with("http.response.status_code", status)
        };
        let pay = |id: u64, ms| answered(id, 503, ms);
        let table = [
            (
                vec![
                    pay(2, 0..20).failed("timeout"),
                    pay(3, 30..50).failed("timeout"),
                    pay(4, 60..80),
                ],
                Some(
                    "`POST /pay` of orders took 3 attempts (80 %), \
                     of which only the last succeeded (`timeout`)",
                ),
            ),
            (
                vec![pay(2, 0..20).failed("503"), pay(3, 30..50).failed("503")],
                Some("`POST /pay` of orders took 2 attempts (50 %), all of which failed (`503`)"),
            ),
            // A missing resource is still missing the second time.
            (
                vec![
                    answered(2, 404, 0..20).failed("404"),
                    answered(3, 200, 30..50),
                ],
                None,
            ),
            // These may be about two orders.
            (
                vec![
                    call(2, 1, "orders", "Pay", 0..20)
                        .with("http.response.status_code", 503)
                        .failed("503"),
                    call(3, 1, "orders", "Pay", 30..50)
                        .with("http.response.status_code", 503)
                        .failed("503"),
                ],
                None,
            ),
            // Nothing had failed.
            (vec![pay(2, 0..20), pay(3, 30..50)], None),
            (vec![pay(2, 0..20), pay(3, 30..50).failed("503")], None),
            // At the same time: two calls.
            (vec![pay(2, 0..20).failed("503"), pay(3, 10..50)], None),
            (vec![pay(2, 0..50).failed("503")], None),
            // A different call.
            (
                vec![
                    pay(2, 0..20).failed("503"),
                    call(3, 1, "orders", "POST /log", 20..50),
                ],
                None,
            ),
        ];
        for (spans, expected) in table {
            assert_eq!(found(spans.clone()).as_deref(), expected, "{spans:?}");
        }
    }
}
