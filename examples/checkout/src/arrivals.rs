//! Spans of running services, put together until their traces are complete.

use std::collections::HashMap;

use opentelemetry::trace::TraceId;

use crate::trace::{Kind, Span, Trace};

#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    incomplete: HashMap<TraceId, Vec<Span>>,
}

impl Arrivals {
    /// Takes in what has arrived and hands out the traces that it completes.
    pub(crate) fn add(&mut self, spans: Vec<Span>) -> Vec<Trace> {
        for span in spans {
            self.incomplete.entry(span.trace_id).or_default().push(span);
        }
        let complete = self
            .incomplete
            .extract_if(|_, spans| is_complete(&Trace::new(spans.clone())));
        complete.map(|(_, spans)| Trace::new(spans)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::span;

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
        assert_eq!(arrivals.add(vec![orders]).len(), 0);
        assert_eq!(arrivals.add(vec![root]).len(), 0);

        let [trace] = arrivals
            .add(vec![call(2, 1, "gateway")])
            .try_into()
            .unwrap();
        assert_eq!(trace.spans().len(), 3);
        assert_eq!(arrivals.add(vec![]).len(), 0);
    }

    #[test]
    fn answered_call_waits_for_its_other_side() {
        let mut arrivals = Arrivals::default();
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        assert_eq!(arrivals.add(vec![root, call(2, 1, "gateway")]).len(), 0);
        let orders = span(3, 2, "orders", "POST /orders", 2..8);
        assert_eq!(arrivals.add(vec![orders]).len(), 1);
    }

    #[test]
    fn call_without_an_answer_has_no_other_side() {
        let mut failed = call(2, 1, "gateway");
        failed.attributes.remove("http.response.status_code");
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        assert_eq!(Arrivals::default().add(vec![root, failed]).len(), 1);
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
            let traces = Arrivals::default().add(vec![root, call]);
            assert_eq!(traces.len(), complete, "{code}");
        }
    }

    #[test]
    fn span_of_the_gateways_caller_is_not_waited_for() {
        let entry = span(1, 77, "gateway", "POST /checkout", 0..10);
        assert_eq!(Arrivals::default().add(vec![entry]).len(), 1);
    }
}
