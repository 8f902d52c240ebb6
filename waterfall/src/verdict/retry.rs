//! A call that was made again because it had failed.

use std::iter;

use super::finding::{Finding, is_sequence, largest, percent, share, siblings};
use crate::span::{Kind, Span};
use crate::trace::Trace;

/// Attempts one after the other of which all but the last failed. The last may have, too.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let groups = siblings(trace, key).into_iter();
    largest(groups.filter_map(|group| {
        let (last, earlier) = group.split_last()?;
        let have_failed = !earlier.is_empty() && earlier.iter().all(|span| span.is_error());
        if !have_failed || !is_sequence(&group) {
            return None;
        }
        let start = group.first()?.start_unix_nano;
        // With the time between the attempts.
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

fn key(span: &Span) -> Option<(&str, &str, &str, String)> {
    let text = |key: &str| span.attributes.text(key).unwrap_or_default();
    let url = text("url.full");
    let place = format!("{}{}", text("server.address"), text("db.query.text"));
    (span.kind == Kind::Client).then_some((&span.service, &span.name, url, place))
}

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
        let pay = |id: u64, ms| call(id, 1, "orders", "POST /pay", ms);
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
            // Nothing had failed.
            (vec![pay(2, 0..20), pay(3, 30..50)], None),
            (vec![pay(2, 0..20), pay(3, 30..50).failed("503")], None),
            // At the same time: two calls.
            (vec![pay(2, 0..20).failed("503"), pay(3, 10..50)], None),
            (vec![pay(2, 0..50).failed("503")], None),
            // Something else.
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
