//! Read-only calls in sequence, with nothing in between.

use super::finding::{Finding, largest, percent, share, siblings};
use crate::span::Span;
use crate::trace::Trace;

/// Runs of reads of different things with hardly any time between them. A trace does not show
/// whether the second needs the result of the first, and the sentence says so. Writes are left out,
/// as their order usually matters.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let groups = siblings(trace, |span| reads(span).then_some(&*span.service)).into_iter();
    largest(
        groups
            .flat_map(|group| runs(trace, &group))
            .filter_map(|run| {
                let share = share(trace, run.iter().map(|span| span.interval()));
                let names: Vec<_> = run.iter().map(|span| format!("`{}`", span.name)).collect();
                let (last, others) = names.split_last()?;
                let service = &run.first()?.service;
                let text = format!(
                    "{} and {last} of {service} ran one after the other ({}): if none needs the \
                     other's answer, they could overlap",
                    others.join(", "),
                    percent(share),
                );
                (share >= WORTH_A_CHANGE).then(|| Finding::new(share, run, text))
            }),
    )
}

fn reads(span: &Span) -> bool {
    let text = |key: &str| span.attributes.text(key).unwrap_or_default();
    let reads_by_http = ["GET", "HEAD"].contains(&text("http.request.method"));
    let reads_by_query = text("db.operation.name").eq_ignore_ascii_case("SELECT")
        || text("db.query.text")
            .trim_start()
            .get(..6)
            .is_some_and(|verb| verb.eq_ignore_ascii_case("SELECT"));
    ((span.is_call() && reads_by_http) || (span.is_query() && reads_by_query)) && !span.is_error()
}

fn runs<'a>(trace: &'a Trace, siblings: &[&'a Span]) -> Vec<Vec<&'a Span>> {
    let mut runs: Vec<Vec<&Span>> = Vec::new();
    for span in siblings.iter().copied() {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| follows(trace, last, span)) => {
                run.push(span);
            }
            _ => runs.push(vec![span]),
        }
    }
    let is_long_enough = |run: &Vec<&Span>| {
        // Another rule handles many calls with one name, and a sentence can list three.
        let mut names: Vec<_> = run.iter().map(|span| &*span.name).collect();
        names.sort_unstable();
        names.dedup();
        names.len() == run.len() && (2..=LONGEST).contains(&run.len())
    };
    runs.retain(is_long_enough);
    runs
}

/// One starts right after the other, and both are long enough to matter.
fn follows(trace: &Trace, one: &Span, next: &Span) -> bool {
    let Some(gap) = next.start_unix_nano.checked_sub(one.end_unix_nano) else {
        return false;
    };
    let shorter = one.duration().min(next.duration()).as_nanos();
    let whole = trace.duration().as_nanos();
    u128::from(gap) * 20 <= shorter && shorter * 10 >= whole
}

const LONGEST: usize = 5;
const WORTH_A_CHANGE: f64 = 0.3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, query, span};

    fn found(children: Vec<Span>) -> Option<String> {
        let mut spans = vec![span(1, 0, "page", "root", 0..100)];
        spans.extend(children);
        find(&Trace::new(spans)).map(|finding| finding.text)
    }

    #[test]
    fn reads_in_a_row_could_overlap() {
        let user = || call(2, 1, "page", "GET /user", 0..40);
        let news = |ms| call(3, 1, "page", "GET /news", ms);
        let sentence = "`GET /user` and `GET /news` of page ran one after the other (85 %): \
                        if none needs the other's answer, they could overlap";
        let table = [
            (vec![user(), news(41..86)], Some(sentence)),
            // The service worked on the first answer.
            (vec![user(), news(50..95)], None),
            // They overlap.
            (vec![user(), news(20..80)], None),
            // One is too short to matter.
            (vec![user(), news(41..45)], None),
            // Payments have an order.
            (vec![user(), call(3, 1, "page", "POST /pay", 41..86)], None),
            // It may be a second attempt.
            (vec![user().failed("500"), news(41..86)], None),
            // A query may need the result of the call; that is why the sentence says "if".
            (
                vec![user(), query(3, 1, "page", "SELECT news", 41..86)],
                Some(
                    "`GET /user` and `SELECT news` of page ran one after the other (85 %): \
                     if none needs the other's answer, they could overlap",
                ),
            ),
        ];
        for (spans, expected) in table {
            assert_eq!(found(spans.clone()).as_deref(), expected, "{spans:?}");
        }
    }
}
