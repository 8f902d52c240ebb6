//! Where an error began.

use std::collections::{HashMap, HashSet};

use crate::span::Span;
use crate::trace::Trace;

/// "; the error `card_declined` began at `POST /payments` in payment", if there is one.
pub(super) fn clause(trace: &Trace) -> Option<String> {
    let origin = find(trace)?;
    let Span { service, name, .. } = origin;
    let error = match origin.error_type() {
        Some(error) => format!("the error `{error}`"),
        None => "an error".to_owned(),
    };
    Some(
        match has_succeeded(trace) && !reached_its_parent(trace, origin) {
            // The error was handled.
            true => format!("; {error} at `{name}` in {service} did not fail the request"),
            false => format!("; {error} began at `{name}` in {service}"),
        },
    )
}

fn has_succeeded(trace: &Trace) -> bool {
    trace.head().is_some_and(|head| {
        !head.is_error() && head.http_status().is_none_or(|status| status < 400)
    })
}

fn reached_its_parent(trace: &Trace, span: &Span) -> bool {
    let parent = span.parent_span_id.and_then(|parent| trace.span(parent));
    parent.is_none_or(Span::is_error)
}

/// The first failed span that is not explained by a failed span below it. A span whose caller
/// succeeded, for example with another attempt, counts only if there is no other.
fn find(trace: &Trace) -> Option<&Span> {
    let failed = trace.spans().iter().filter(|span| Span::is_error(span));
    let parents: HashMap<_, _> = trace
        .spans()
        .iter()
        .filter_map(|span| Some((span.span_id, span.parent_span_id?)))
        .collect();
    // All ancestors, because a span in between may not record the error.
    let mut explained = HashSet::new();
    let mut above: Vec<_> = failed.clone().map(|span| span.span_id).collect();
    while let Some(id) = above.pop() {
        if let Some(parent) = parents.get(&id)
            && explained.insert(*parent)
        {
            above.push(*parent);
        }
    }
    let origins = || {
        failed
            .clone()
            .filter(|span| !explained.contains(&span.span_id))
    };
    origins()
        .find(|span| reached_its_parent(trace, span))
        .or_else(|| origins().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, span};

    #[test]
    fn origins() {
        let root = || span(1, 0, "gateway", "root", 0..100);
        let table = [
            (vec![root()], None),
            (
                vec![root().failed("500")],
                Some("the error `500` began at `root` in gateway"),
            ),
            (
                vec![
                    root().failed("502"),
                    call(2, 1, "gateway", "POST /orders", 10..80).failed("500"),
                    span(3, 2, "orders", "POST /orders", 12..78).failed("panic"),
                ],
                Some("the error `panic` began at `POST /orders` in orders"),
            ),
            // A span in between does not record it.
            (
                vec![
                    root().failed("502"),
                    span(2, 1, "gateway", "work", 10..80),
                    span(3, 2, "orders", "query", 12..78).failed("timeout"),
                ],
                Some("the error `timeout` began at `query` in orders"),
            ),
            // Another attempt succeeded.
            (
                vec![
                    root(),
                    call(2, 1, "gateway", "GET /cache", 6..19).failed("miss"),
                ],
                Some("the error `miss` at `GET /cache` in gateway did not fail the request"),
            ),
            // The request failed, but its status does not say so.
            (
                vec![
                    root().with("http.response.status_code", 402),
                    call(2, 1, "gateway", "POST /pay", 6..19).failed("402"),
                ],
                Some("the error `402` began at `POST /pay` in gateway"),
            ),
            // The first attempt failed, but the request failed because of the second.
            (
                vec![
                    root().failed("502"),
                    span(2, 1, "gateway", "lookup", 5..20),
                    call(3, 2, "gateway", "GET /cache", 6..19).failed("miss"),
                    call(4, 1, "gateway", "POST /orders", 30..80).failed("500"),
                ],
                Some("the error `500` began at `POST /orders` in gateway"),
            ),
        ];
        for (spans, expected) in table {
            let clause = clause(&Trace::new(spans.clone()));
            let expected = expected.map(|text| format!("; {text}"));
            assert_eq!(clause, expected, "{spans:?}");
        }
    }
}
