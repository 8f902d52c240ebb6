//! The last sentence of a report: which service took the time, why, and where an error began.
//!
//! Rules find the reason; each rule has its own file. A rule looks for one thing and names its
//! evidence. It finds nothing if a trace can mean something else as well: no finding is better than
//! a wrong one.

mod deadline;
mod error_origin;
mod finding;
mod network;
mod overlap;
mod queue;
mod repeated;
mod retry;
mod straggler;
mod waiting;

use crate::analysis::{Analysis, Group};
use crate::text::duration_text;
use crate::trace::Trace;

pub(crate) use finding::Finding;

/// The findings of the rules, the largest share of the time first.
pub(crate) fn findings(trace: &Trace) -> Vec<Finding> {
    let rules = [
        repeated::find,
        retry::find,
        deadline::find,
        straggler::find,
        overlap::find,
        network::find,
        queue::find,
        waiting::find,
    ];
    let mut found: Vec<Finding> = Vec::new();
    for finding in rules.iter().filter_map(|rule| rule(trace)) {
        // The rules are ordered by how much they know: if two explain the same time, the first says
        // more.
        if !found.iter().any(|known| known.covers(&finding)) {
            found.push(finding);
        }
    }
    found.sort_by(|one, other| other.share.total_cmp(&one.share));
    found
}

/// "In the large basket, 83 % of 412 ms went to …"; `None` for a trace without spans.
pub(crate) fn sentence(subject: &str, trace: &Trace, analysis: &Analysis<'_>) -> Option<String> {
    let culprit = analysis.groups.first()?;
    let finding = findings(trace).into_iter().next();
    Some(format!(
        "In {subject}, {:.0} % of {} went to {}{}{}.",
        culprit.share * 100.0,
        duration_text(analysis.total),
        description(culprit),
        finding
            .map(|finding| clause(&finding, culprit))
            .unwrap_or_default(),
        error_origin::clause(trace).unwrap_or_default(),
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
    // Without its children, a call consists of the network and of waiting for the answer.
    match (spans.iter().all(|span| span.is_call()), count) {
        (true, 1) => format!("the call `{name}` made by {service}, on the network and waiting"),
        (true, _) => {
            format!("{count} calls `{name}` made by {service}, on the network and waiting")
        }
        (false, 1) => format!("`{name}` in {service}"),
        (false, _) => format!("{count} × `{name}` in {service}"),
    }
}

/// A clause about the culprit does not name it again.
fn clause(finding: &Finding, culprit: &Group<'_>) -> String {
    let is_about_culprit = culprit.spans.len() == finding.spans.len()
        && culprit
            .spans
            .iter()
            .all(|span| finding.spans.contains(&span.span_id));
    match (&finding.about_all, is_about_culprit) {
        (Some(short), true) => format!(": {short}"),
        _ => format!("; {}", finding.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;
    use crate::testing::{call, query, span};

    fn verdict(spans: Vec<Span>) -> Option<String> {
        let trace = Trace::new(spans);
        sentence("the basket", &trace, &Analysis::new(&trace))
    }

    #[test]
    fn sentences() {
        let root = || span(1, 0, "gateway", "root", 0..100);
        let table = [
            (
                vec![
                    span(1, 0, "inventory", "Reserve", 0..412),
                    query(2, 1, "inventory", "SELECT stock WHERE id = ?", 0..100),
                    query(3, 1, "inventory", "SELECT stock WHERE id = ?", 100..200),
                    query(4, 1, "inventory", "SELECT stock WHERE id = ?", 200..342),
                ],
                "In the basket, 83 % of 412 ms went to 3 × `SELECT stock` in inventory: \
                 the same query 3 times where one would do.",
            ),
            (
                vec![root(), query(2, 1, "inventory", "SELECT stock", 0..90)],
                "In the basket, 90 % of 100 ms went to `SELECT stock` in inventory.",
            ),
            (
                vec![
                    root(),
                    span(2, 1, "payment", "attempt", 0..30),
                    span(3, 1, "payment", "attempt", 30..60),
                ],
                "In the basket, 60 % of 100 ms went to 2 × `attempt` in payment.",
            ),
            (
                vec![root(), call(2, 1, "gateway", "POST", 0..90)],
                "In the basket, 90 % of 100 ms went to the call `POST` made by gateway, \
                 on the network and waiting.",
            ),
            (
                vec![
                    root(),
                    call(2, 1, "orders", "POST", 10..30).failed("402"),
                    span(3, 2, "payment", "POST /payments", 12..28).failed("card_declined"),
                ],
                "In the basket, 80 % of 100 ms went to `root` in gateway; \
                 the error `card_declined` began at `POST /payments` in payment.",
            ),
        ];
        for (spans, sentence) in table {
            assert_eq!(verdict(spans).unwrap(), sentence);
        }
        assert_eq!(verdict(vec![]), None);
    }
}
