use super::completeness::QUIET;
use super::*;
use crate::log::Severity;
use crate::testing::{call, span};

fn spans<const N: usize>(spans: [Span; N]) -> Batch {
    Batch {
        spans: spans.into(),
        ..Batch::default()
    }
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// After what time a trace is returned whose spans all came at once, and with how many spans.
fn handed_out(arrivals: &mut Arrivals, batch: Batch) -> (Duration, usize) {
    let now = Instant::now();
    arrivals.add(batch, now);
    let due = arrivals.next_due().unwrap();
    assert_eq!(arrivals.due(due - ms(1)).len(), 0);
    let [trace] = arrivals.due(due).try_into().unwrap();
    (due - now, trace.spans().len())
}

const EXPORT: Duration = Duration::from_secs(6);
const GLANCE: Duration = Duration::from_millis(1_200);

#[test]
fn complete_trace_waits_only_for_a_moment() {
    let batch = spans([
        span(1, 0, "gateway", "POST /checkout", 0..10),
        call(2, 1, "gateway", "POST", 1..9),
        span(3, 2, "orders", "POST /orders", 2..8),
    ]);
    let mut arrivals = Arrivals::new(usize::MAX);
    assert_eq!(handed_out(&mut arrivals, batch), (QUIET, 3));
    assert_eq!((arrivals.next_due(), arrivals.size), (None, 0));
}

#[test]
fn missing_parent_is_waited_for_as_long_as_an_export_takes() {
    let mut arrivals = Arrivals::new(usize::MAX);
    let now = Instant::now();
    arrivals.add(spans([span(3, 2, "orders", "POST /orders", 2..8)]), now);
    assert_eq!(arrivals.next_due(), Some(now + EXPORT));
    let caller = [
        span(1, 0, "gateway", "POST /checkout", 0..10),
        call(2, 1, "gateway", "POST", 1..9),
    ];
    arrivals.add(spans(caller), now + ms(5_000));
    assert_eq!(arrivals.next_due(), Some(now + ms(5_000) + QUIET));
}

#[test]
fn silent_service_is_waited_for_once() {
    let mut arrivals = Arrivals::new(usize::MAX);
    let request = |trace: u128| {
        let mut request = [
            span(1, 0, "gateway", "POST /checkout", 0..10),
            call(2, 1, "gateway", "GET", 1..9).with("server.address", "example.com"),
        ];
        for span in &mut request {
            span.trace_id = trace.into();
        }
        spans(request)
    };
    assert_eq!(handed_out(&mut arrivals, request(1)), (GLANCE, 2));
    assert_eq!(handed_out(&mut arrivals, request(2)), (QUIET, 2));

    // It now exports spans, and is worth a longer wait.
    let mut answer = span(3, 2, "remote", "GET /", 2..8);
    answer.trace_id = 3.into();
    let mut batch = request(3);
    batch.spans.push(answer);
    assert_eq!(handed_out(&mut arrivals, batch), (QUIET, 3));
    assert_eq!(handed_out(&mut arrivals, request(4)), (EXPORT, 2));
}

#[test]
fn call_without_an_answer_has_no_other_side() {
    for (code, patience) in [
        ("OK", GLANCE),
        ("FAILED_PRECONDITION", GLANCE),
        ("UNAVAILABLE", QUIET),
    ] {
        let call = Span {
            kind: crate::span::Kind::Client,
            ..span(2, 1, "gateway", "shop.Orders/Order", 1..9)
        };
        let call = call
            .with("rpc.system.name", "grpc")
            .with("rpc.status_code", code);
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        let mut arrivals = Arrivals::new(usize::MAX);
        let found = handed_out(&mut arrivals, spans([root, call]));
        assert_eq!(found, (patience, 2), "{code}");
    }
}

#[test]
fn caller_from_outside_is_waited_for_once_or_never() {
    let entry = |trace: u128| {
        let mut entry = span(1, 77, "gateway", "POST /checkout", 0..10);
        entry.trace_id = trace.into();
        spans([entry])
    };
    let mut arrivals = Arrivals::new(usize::MAX);
    assert_eq!(handed_out(&mut arrivals, entry(1)).0, EXPORT);
    assert_eq!(handed_out(&mut arrivals, entry(2)).0, QUIET);
    let mut arrivals = Arrivals::new(usize::MAX).entered_at("gateway");
    assert_eq!(handed_out(&mut arrivals, entry(1)).0, QUIET);
}

#[test]
fn trace_that_never_ends_is_handed_out_after_a_minute() {
    let mut arrivals = Arrivals::new(usize::MAX);
    let start = Instant::now();
    for second in 0..60 {
        let now = start + Duration::from_secs(second);
        arrivals.add(spans([span(second + 2, 1, "poller", "poll", 0..1)]), now);
        assert_eq!(arrivals.due(now).len(), 0);
    }
    let [trace] = arrivals.due(start + LONGEST_WAIT).try_into().unwrap();
    assert_eq!(trace.spans().len(), 60);
}

#[test]
fn any_number_of_traces_stays_within_the_limit_and_none_is_lost() {
    let limit = 1_000_000;
    let mut arrivals = Arrivals::new(limit);
    let now = Instant::now();
    let mut out = 0;
    for trace in 1..=20_000_u128 {
        let mut orphan = span(1, 77, "orders", "POST /orders", 0..1);
        orphan.trace_id = trace.into();
        arrivals.add(spans([orphan]), now);
        out += arrivals.due(now).len();
        assert!(arrivals.size <= limit);
    }
    out += arrivals.rest().len();
    assert_eq!((out, arrivals.dropped()), (20_000, 0));
}

#[test]
fn trace_is_cut_where_nobody_can_look_at_it_any_more() {
    let mut arrivals = Arrivals::new(usize::MAX);
    let now = Instant::now();
    for id in 0..60 {
        let batch = (id * 1_000 + 1..=id * 1_000 + 1_000)
            .map(|id| span(id, 77, "poller", "poll", 0..1))
            .collect();
        let batch = Batch {
            spans: batch,
            ..Batch::default()
        };
        arrivals.add(batch, now);
    }
    assert_eq!(arrivals.dropped(), 10_000);
    let [trace] = arrivals.rest().try_into().unwrap();
    assert_eq!(trace.spans().len(), LONGEST_TRACE);
}

#[test]
fn what_comes_late_is_handed_out_soon() {
    let mut arrivals = Arrivals::new(usize::MAX);
    let root = span(1, 0, "gateway", "POST /checkout", 0..10);
    handed_out(&mut arrivals, spans([root]));
    let late = span(3, 2, "orders", "POST /orders", 2..8);
    assert_eq!(handed_out(&mut arrivals, spans([late])), (LATE, 1));
}

#[test]
fn logs_come_with_their_trace() {
    let root = span(1, 0, "gateway", "POST /checkout", 0..10);
    let log = |trace_id: u128, text: &str| Log {
        trace_id: TraceId::from(trace_id),
        span_id: root.span_id,
        unix_nano: 5,
        severity: Severity::Info,
        text: text.to_owned(),
    };
    let mut arrivals = Arrivals::new(usize::MAX);
    let earlier = Batch {
        logs: vec![log(1, "ours"), log(2, "another request's")],
        ..Batch::default()
    };
    let now = Instant::now();
    arrivals.add(earlier, now);
    arrivals.add(spans([root.clone()]), now);
    let [trace] = arrivals.due(now + QUIET).try_into().unwrap();
    assert_eq!(trace.logs(&root), [log(1, "ours")]);
    // Logs without any span are no trace.
    assert_eq!(arrivals.due(now + LONGEST_WAIT).len(), 0);
    assert_eq!(arrivals.size, 0);
}
