//! What running services export, put together until their traces are complete.

use std::collections::{HashMap, VecDeque};

use opentelemetry::trace::TraceId;

use crate::log::Log;
use crate::receiver::Batch;
use crate::trace::{Kind, Span, Trace};

#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    incomplete: HashMap<TraceId, Vec<Span>>,
    /// The last that have arrived, until their trace is complete. One that comes later is not
    /// waited for: nobody knows how many there are.
    logs: VecDeque<Log>,
}

impl Arrivals {
    /// Takes in what has arrived and hands out the traces that it completes.
    pub(crate) fn add(&mut self, Batch { spans, logs }: Batch) -> Vec<Trace> {
        for span in spans {
            self.incomplete.entry(span.trace_id).or_default().push(span);
        }
        self.logs.extend(logs);
        let excess = self.logs.len().saturating_sub(LOGS);
        self.logs.drain(..excess);
        let complete = self
            .incomplete
            .extract_if(|_, spans| is_complete(&Trace::new(spans.clone())));
        complete
            .map(|(_, spans)| Trace::new(spans).with_logs(&self.logs))
            .collect()
    }
}

/// A trace is complete when the gateway's span is there, which ends last, when every parent is
/// there, and when the other side of every answered call is there. What a service did while it
/// was answering need not be looked for: it exports its spans in the order in which they ended.
fn is_complete(trace: &Trace) -> bool {
    // A caller of the gateway may have sent a trace context, but its span never comes here.
    let begins_at_the_gateway = trace.tops().all(is_entry);
    let calls_are_answered = trace
        .spans()
        .iter()
        .filter(|span| span.is_call() && span.is_answered())
        .all(|call| trace.children(call).next().is_some());
    begins_at_the_gateway && calls_are_answered
}

fn is_entry(span: &Span) -> bool {
    span.service == "gateway" && span.kind == Kind::Server
}

/// As many as a few busy requests write.
const LOGS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Severity;
    use crate::trace::tests::span;

    fn spans<const N: usize>(spans: [Span; N]) -> Batch {
        Batch {
            spans: spans.into(),
            logs: Vec::new(),
        }
    }

    fn call(id: u64, parent: u64, service: &str) -> Span {
        let mut call = span(id, parent, service, "POST", 1..9);
        call.kind = Kind::Client;
        call.attributes
            .insert("http.request.method".to_owned(), "POST".into());
        call.attributes
            .insert("http.response.status_code".to_owned(), 201.into());
        call
    }

    #[test]
    fn trace_is_handed_out_once_with_its_last_span() {
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        let orders = span(3, 2, "orders", "POST /orders", 2..8);
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.add(spans([orders])).len(), 0);
        assert_eq!(arrivals.add(spans([root])).len(), 0);

        let [trace] = arrivals
            .add(spans([call(2, 1, "gateway")]))
            .try_into()
            .unwrap();
        assert_eq!(trace.spans().len(), 3);
        assert_eq!(arrivals.add(spans([])).len(), 0);
    }

    #[test]
    fn answered_call_waits_for_its_other_side() {
        let mut arrivals = Arrivals::default();
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        assert_eq!(arrivals.add(spans([root, call(2, 1, "gateway")])).len(), 0);
        let orders = span(3, 2, "orders", "POST /orders", 2..8);
        assert_eq!(arrivals.add(spans([orders])).len(), 1);
    }

    #[test]
    fn call_without_an_answer_has_no_other_side() {
        let mut failed = call(2, 1, "gateway");
        failed.attributes.remove("http.response.status_code");
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        assert_eq!(Arrivals::default().add(spans([root, failed])).len(), 1);
    }

    #[test]
    fn code_that_a_grpc_client_may_have_made_up_is_no_answer() {
        for (code, complete) in [("OK", 0), ("FAILED_PRECONDITION", 0), ("UNAVAILABLE", 1)] {
            let mut call = span(2, 1, "gateway", "shop.Orders/Order", 1..9);
            call.kind = Kind::Client;
            for (key, value) in [("rpc.system.name", "grpc"), ("rpc.status_code", code)] {
                call.attributes.insert(key.to_owned(), value.into());
            }
            let root = span(1, 0, "gateway", "POST /checkout", 0..10);
            let traces = Arrivals::default().add(spans([root, call]));
            assert_eq!(traces.len(), complete, "{code}");
        }
    }

    #[test]
    fn span_of_the_gateways_caller_is_not_waited_for() {
        let entry = span(1, 77, "gateway", "POST /checkout", 0..10);
        assert_eq!(Arrivals::default().add(spans([entry])).len(), 1);
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
        let mut arrivals = Arrivals::default();
        let logs = vec![log(1, "ours"), log(2, "another request's")];
        let earlier = Batch {
            spans: Vec::new(),
            logs,
        };
        assert_eq!(arrivals.add(earlier).len(), 0);
        let [trace] = arrivals.add(spans([root.clone()])).try_into().unwrap();
        assert_eq!(trace.logs(&root), [log(1, "ours")]);
    }
}
