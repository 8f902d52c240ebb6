//! The same query, or the same call, repeated under one parent: N+1.

use std::borrow::Cow;
use std::time::Duration;

use super::finding::{Finding, is_sequence, largest, percent, share, siblings};
use crate::attributes::Value;
use crate::span::Span;
use crate::trace::Trace;

/// Three or more in sequence, all of which succeeded: otherwise they may be retries.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let groups = siblings(trace, key).into_iter();
    largest(
        groups
            .filter(|group| group.len() >= FEWEST && is_sequence(group))
            .filter(|group| !group.iter().any(|span| span.is_error()) && is_busy(group))
            .filter_map(|group| {
                let first = *group.first()?;
                let Span { service, name, .. } = first;
                let share = share(trace, group.iter().map(|span| span.interval()));
                let (count, percent) = (group.len(), percent(share));
                let what = match first.is_query() {
                    true => format!("the same query {count} times where one would do"),
                    false => format!("the same call {count} times where one might do"),
                };
                let text = format!("{count} × `{name}` in {service} ({percent}) is {what}");
                Some(Finding::new(share, group, text).in_short(what))
            }),
    )
}

/// A poll that asks every second whether something is done mostly waits.
fn is_busy(group: &[&Span]) -> bool {
    let start = group.first().map_or(0, |first| first.start_unix_nano);
    let end = group.last().map_or(0, |last| last.end_unix_nano);
    let busy: Duration = group.iter().map(|span| span.duration()).sum();
    2 * busy >= Duration::from_nanos(end.saturating_sub(start))
}

/// What makes two spans equal: the text of the query, or the destination of the call.
fn key(span: &Span) -> Option<(&str, &str, Cow<'_, str>, i64)> {
    let text = |keys: &[&str]| keys.iter().find_map(|key| span.attributes.text(key));
    let port = span.attributes.get("server.port");
    let port = port.and_then(Value::as_integer).unwrap_or(0);
    if span.is_query() {
        let statement = text(&["db.query.text", "db.statement"])?;
        return Some((&span.service, &span.name, without_values(statement), port));
    }
    if !span.is_call() {
        return None;
    }
    // Without a route, all calls with the same method have the same name.
    let has_route =
        text(&["url.template", "rpc.method"]).is_some() || span.name.contains(['/', '{']);
    let place = match has_route {
        true => text(&["server.address", "net.peer.name"]).unwrap_or_default(),
        false => text(&["url.full", "http.url"])?,
    };
    Some((&span.service, &span.name, place.into(), port))
}

/// Some instrumentations keep values in the query that others replace by `?`.
fn without_values(statement: &str) -> Cow<'_, str> {
    if !statement.contains(|letter: char| letter.is_ascii_digit() || letter == '\'') {
        return statement.into();
    }
    let mut rest = statement.chars().peekable();
    let mut kept = String::with_capacity(statement.len());
    while let Some(letter) = rest.next() {
        match letter {
            '\'' => {
                rest.by_ref().find(|letter| *letter == '\'');
                kept.push('?');
            }
            '0'..='9' => {
                while rest
                    .next_if(|next| next.is_ascii_alphanumeric() || *next == '.')
                    .is_some()
                {}
                kept.push('?');
            }
            _ => kept.push(letter),
        }
    }
    kept.into()
}

const FEWEST: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Kind;
    use crate::testing::{call, query, span};

    const SELECT: &str = "SELECT stock WHERE sku = ?";

    fn found(children: Vec<Span>) -> Option<String> {
        let mut spans = vec![span(1, 0, "orders", "root", 0..100)];
        spans.extend(children);
        find(&Trace::new(spans)).map(|finding| finding.text)
    }

    fn queries(count: u64) -> Vec<Span> {
        (0..count)
            .map(|n| query(10 + n, 1, "orders", SELECT, 10 * n..10 * n + 9))
            .collect()
    }

    #[test]
    fn step_with_a_span_of_its_own_hides_nothing() {
        let steps = (0..4).flat_map(|n| {
            let mut step = span(20 + n, 1, "orders", "load", 20 * n..20 * n + 20);
            step.kind = Kind::Internal;
            [
                step,
                query(10 + n, 20 + n, "orders", SELECT, 20 * n..20 * n + 19),
            ]
        });
        let text = found(steps.collect()).unwrap();
        assert!(
            text.starts_with("4 × `SELECT stock` in orders (76 %)"),
            "{text}"
        );
    }

    #[test]
    fn values_do_not_make_a_query_another_one() {
        let table = [
            (
                "SELECT a FROM b WHERE c = 17",
                "SELECT a FROM b WHERE c = ?",
            ),
            ("WHERE c = 'it' AND d = 1.5", "WHERE c = ? AND d = ?"),
            ("GET cart:42", "GET cart:?"),
            ("WHERE c = 'open", "WHERE c = ?"),
            ("SELECT a FROM b", "SELECT a FROM b"),
        ];
        for (statement, without) in table {
            assert_eq!(without_values(statement), without);
        }
    }

    #[test]
    fn what_is_and_what_is_not_repeated() {
        let mut failed = queries(3);
        failed[0] = failed[0].clone().failed("timeout");
        let mut different = queries(3);
        different[1] = query(11, 1, "orders", "SELECT price WHERE sku = ?", 10..19);
        let overlapping = (0..4)
            .map(|n| query(10 + n, 1, "orders", SELECT, n..60 + n))
            .collect();
        let short = (0..3)
            .map(|n| query(10 + n, 1, "orders", SELECT, n..n + 1))
            .collect();
        let calls = |name: &str| -> Vec<Span> {
            (0..3)
                .map(|n| call(10 + n, 1, "orders", name, 20 * n..20 * n + 20))
                .collect()
        };
        let table = [
            (
                queries(8),
                Some(
                    "8 × `SELECT stock` in orders (72 %) is the same query 8 times where one would do",
                ),
            ),
            (queries(2), None),
            (failed, None),
            (different, None),
            // Parallel calls are as they should be.
            (overlapping, None),
            (short, None),
            (
                calls("GET /stock/{sku}"),
                Some(
                    "3 × `GET /stock/{sku}` in orders (60 %) is the same call 3 times where one might do",
                ),
            ),
            // It waits for something.
            (
                (0..4)
                    .map(|n| call(10 + n, 1, "orders", "GET /done", 25 * n..25 * n + 5))
                    .collect(),
                None,
            ),
            // These may have different destinations.
            (calls("GET"), None),
            (
                calls("GET")
                    .into_iter()
                    .map(|call| call.with("url.full", "http://stock/7"))
                    .collect(),
                Some("3 × `GET` in orders (60 %) is the same call 3 times where one might do"),
            ),
        ];
        for (spans, expected) in table {
            assert_eq!(found(spans.clone()).as_deref(), expected, "{spans:?}");
        }
    }
}
