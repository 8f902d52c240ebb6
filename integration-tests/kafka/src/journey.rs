//! The two expected traces.

use anyhow::{Context, Result, ensure};
use otel_waterfall::{Kind, Span, Trace};

/// Two orders: one from Rust to Java and back, one from Java to Rust and back.
pub(crate) struct Journey<'a> {
    pub(crate) to_java: &'a str,
    pub(crate) to_rust: &'a str,
    /// The baggage of both sides, as each has set it.
    pub(crate) tenant: &'a str,
}

/// The facts that do not depend on a side's version of the conventions: service, kind, topic,
/// tenant.
type Step<'a> = (&'a str, Kind, Option<&'a str>, Option<&'a str>);

impl Journey<'_> {
    /// Nothing else was exported. Each order is one trace, in which each span has one child.
    pub(crate) fn check(&self, traces: &[Trace]) -> Result<()> {
        ensure!(traces.len() == 2, "{} traces instead of 2", traces.len());
        for service in ["rust", "java"] {
            let of_service =
                |trace: &&Trace| trace.head().is_some_and(|it| &*it.service == service);
            let trace = traces.iter().find(of_service);
            let trace = trace.with_context(|| format!("no trace begins in {service}"))?;
            let found: Vec<_> = path(trace)?.into_iter().map(step).collect();
            let expected = self.steps(service);
            ensure!(found == expected, "{found:?} instead of {expected:?}");
        }
        println!("two orders, each of them one trace through both languages");
        Ok(())
    }

    fn steps<'a>(&'a self, first: &'a str) -> [Step<'a>; 5] {
        let (out, back) = match first {
            "rust" => (("java", self.to_java), ("rust", self.to_rust)),
            _ => (("rust", self.to_rust), ("java", self.to_java)),
        };
        let tenant = Some(self.tenant);
        [
            (first, Kind::Internal, None, None),
            (first, Kind::Producer, Some(out.1), None),
            (out.0, Kind::Consumer, Some(out.1), tenant),
            (out.0, Kind::Producer, Some(back.1), None),
            (back.0, Kind::Consumer, Some(back.1), tenant),
        ]
    }
}

/// The spans from the root to the last one, which must be all of them.
fn path(trace: &Trace) -> Result<Vec<&Span>> {
    let root = trace.spans().iter().find(|it| it.parent_span_id.is_none());
    let mut path = vec![root.context("no root")?];
    while let Some(child) = path.last().and_then(|last| trace.children(last).next()) {
        path.push(child);
    }
    let spans = trace.spans().len();
    ensure!(
        path.len() == spans,
        "{} of {spans} spans in a row",
        path.len()
    );
    Ok(path)
}

fn step(span: &Span) -> Step<'_> {
    let topic = span.attributes.text("messaging.destination.name");
    (
        &span.service,
        span.kind,
        topic,
        span.attributes.text("tenant"),
    )
}
