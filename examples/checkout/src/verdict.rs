//! The last sentence of a report: who took the time, and where an error began.

use crate::analysis::{Analysis, Group};
use crate::columns::duration_text;
use crate::trace::{Span, Trace};

/// "In the large basket, 83 % of 412 ms went to …"; `None` for a trace without spans.
pub(crate) fn sentence(subject: &str, trace: &Trace, analysis: &Analysis<'_>) -> Option<String> {
    let culprit = analysis.groups.first()?;
    Some(format!(
        "In {subject}, {:.0} % of {} went to {}{}.",
        culprit.share * 100.0,
        duration_text(analysis.total),
        description(culprit),
        error_origin(trace).map(error_clause).unwrap_or_default(),
    ))
}

fn description(group: &Group<'_>) -> String {
    let Group {
        service,
        name,
        spans,
        ..
    } = group;
    let count = spans.len();
    // Without its children a call consists of the network and of waiting for the answer.
    match (spans.iter().all(|span| span.is_call()), count) {
        (true, 1) => format!("the call `{name}` made by {service}, on the network and waiting"),
        (true, _) => {
            format!("{count} calls `{name}` made by {service}, on the network and waiting")
        }
        (false, 1) => format!("`{name}` in {service}"),
        (false, _) if is_one_query_repeated(spans) => {
            format!(
                "{count} × `{name}` in {service}: the same query {count} times where one would do"
            )
        }
        (false, _) => format!("{count} × `{name}` in {service}"),
    }
}

/// The N+1 pattern: several runs of one statement under one parent.
fn is_one_query_repeated(spans: &[&Span]) -> bool {
    let statement = |span: &Span| {
        (
            span.parent_span_id,
            span.attributes.get("db.query.text").cloned(),
        )
    };
    let Some(first) = spans.first().map(|span| statement(span)) else {
        return false;
    };
    first.1.is_some() && spans.len() > 1 && spans.iter().all(|span| statement(span) == first)
}

/// The failed span that no failed span below it explains.
fn error_origin(trace: &Trace) -> Option<&Span> {
    trace
        .spans()
        .iter()
        .find(|span| span.is_error() && !trace.descendants(span).any(Span::is_error))
}

fn error_clause(origin: &Span) -> String {
    let Span { service, name, .. } = origin;
    match origin
        .attributes
        .get("error.type")
        .and_then(|value| value.as_str())
    {
        Some(error) => format!("; the error `{error}` began at `{name}` in {service}"),
        None => format!("; an error began at `{name}` in {service}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::span;
    use crate::trace::{Kind, Status};

    fn verdict(spans: Vec<Span>) -> Option<String> {
        let trace = Trace::new(spans);
        sentence("the basket", &trace, &Analysis::new(&trace))
    }

    fn query(id: u64, ms: std::ops::Range<u64>) -> Span {
        let mut query = span(id, 1, "inventory", "SELECT stock", ms);
        query.kind = Kind::Client;
        query
            .attributes
            .insert("db.query.text".to_owned(), "SELECT 1".into());
        query
    }

    #[test]
    fn repeated_query_is_called_by_its_name() {
        assert_eq!(
            verdict(vec![
                span(1, 0, "inventory", "POST /reservations", 0..412),
                query(2, 0..200),
                query(3, 200..342),
            ])
            .unwrap(),
            "In the basket, 83 % of 412 ms went to 2 × `SELECT stock` in inventory: \
             the same query 2 times where one would do."
        );
    }

    #[test]
    fn single_span_has_no_count() {
        assert_eq!(
            verdict(vec![span(1, 0, "gateway", "root", 0..100), query(2, 0..90)]).unwrap(),
            "In the basket, 90 % of 100 ms went to `SELECT stock` in inventory."
        );
    }

    #[test]
    fn spans_without_a_query_are_only_counted() {
        assert_eq!(
            verdict(vec![
                span(1, 0, "gateway", "root", 0..100),
                span(2, 1, "payment", "attempt", 0..30),
                span(3, 1, "payment", "attempt", 30..60),
            ])
            .unwrap(),
            "In the basket, 60 % of 100 ms went to 2 × `attempt` in payment."
        );
    }

    #[test]
    fn self_time_of_a_call_is_the_network() {
        let mut call = span(2, 1, "gateway", "POST", 0..90);
        call.kind = Kind::Client;
        call.attributes
            .insert("http.request.method".to_owned(), "POST".into());
        assert_eq!(
            verdict(vec![span(1, 0, "gateway", "root", 0..100), call]).unwrap(),
            "In the basket, 90 % of 100 ms went to the call `POST` made by gateway, \
             on the network and waiting."
        );
    }

    #[test]
    fn error_is_traced_to_the_span_where_it_began() {
        let mut call = span(2, 1, "orders", "POST", 10..30);
        call.status = Status::Error;
        let mut declined = span(3, 2, "payment", "POST /payments", 12..28);
        declined.status = Status::Error;
        declined
            .attributes
            .insert("error.type".to_owned(), "card_declined".into());
        assert_eq!(
            verdict(vec![span(1, 0, "gateway", "root", 0..100), call, declined]).unwrap(),
            "In the basket, 80 % of 100 ms went to `root` in gateway; \
             the error `card_declined` began at `POST /payments` in payment."
        );
    }

    #[test]
    fn no_spans_no_verdict() {
        assert_eq!(verdict(vec![]), None);
    }
}
