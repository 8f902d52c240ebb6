//! Log records and metrics of the kept traces: they are found by ids, and their counts are true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::otlp::{Item, LOGS, METRICS, list, requests};
use crate::sampling::Kept;
use crate::spans::Spans;

/// Each record with a trace id has the id of a span of that trace, and each service of a kept trace
/// has records of it. Returns the number of records.
pub(crate) fn assert_logs_join(path: &Path, all: &Spans, kept: &Kept<'_>) -> Result<usize> {
    let requests = requests(path);
    let mut speakers = BTreeMap::<_, BTreeSet<_>>::new();
    let mut records = 0;
    for record in requests.iter().flat_map(|request| Item::all(LOGS, request)) {
        let (trace, span) = (record.text("traceId"), record.text("spanId"));
        let Some(found) = all.of(&trace) else {
            continue;
        };
        ensure!(
            found.has(&span),
            "a record of trace {trace} names the span {span}, which is not in it"
        );
        speakers.entry(trace).or_default().insert(record.service());
        records += 1;
    }
    for (id, trace) in kept.traces() {
        let speakers = speakers.get(id).into_iter().flatten();
        let speakers: BTreeSet<_> = speakers.map(String::as_str).collect();
        ensure!(
            speakers == trace.services(),
            "trace {id}: only {speakers:?} have records"
        );
    }
    Ok(records)
}

/// Each process with a span in a kept trace has metrics with the same `service.instance.id`, and
/// the servers' histograms count every request, kept or not. Returns the gateway's count.
pub(crate) fn assert_metrics_join(path: &Path, all: &Spans, kept: &Kept<'_>) -> Result<usize> {
    let requests = requests(path);
    let metrics: Vec<_> = requests
        .iter()
        .flat_map(|request| Item::all(METRICS, request))
        .collect();
    let instance = |metric: &Item<'_>| metric.of_resource("service.instance.id");
    let instances: BTreeSet<_> = metrics.iter().map(instance).collect();
    for (id, trace) in kept.traces() {
        for span in trace.spans() {
            let is_known = !span.instance.is_empty() && instances.contains(&span.instance);
            ensure!(is_known, "{} of trace {id} has no metrics", span.service);
        }
    }
    let served = metrics.iter().filter(|metric| {
        metric.service() == "gateway" && metric.text("name") == "http.server.request.duration"
    });
    let counted = total(served, "/histogram/dataPoints", |point| {
        point["count"].as_str()?.parse().ok()
    });
    ensure!(
        counted == all.len(),
        "gateway's histogram counts {counted} requests, {} were sent",
        all.len()
    );
    Ok(counted)
}

/// The spans of the services of these spans that `span_metrics` has counted before sampling.
pub(crate) fn counted_spans(path: &Path, all: &Spans) -> usize {
    let services: BTreeSet<_> = all
        .traces()
        .flat_map(|(_, trace)| trace.services())
        .collect();
    let requests = requests(path);
    let metrics = requests
        .iter()
        .flat_map(|request| Item::all(METRICS, request));
    let calls: Vec<_> = metrics
        .filter(|metric| {
            metric.text("name") == "traces.span.metrics.calls"
                && services.contains(metric.service().as_str())
        })
        .collect();
    total(calls.iter(), "/sum/dataPoints", |point| {
        point["asInt"].as_str()?.parse().ok()
    })
}

/// The sum over all points of all processes, with the last value of each.
fn total<'a>(
    metrics: impl Iterator<Item = &'a Item<'a>>,
    points: &str,
    number: impl Fn(&Value) -> Option<usize>,
) -> usize {
    let mut last = BTreeMap::new();
    for metric in metrics {
        let resource = metric.resource.pointer("/resource/attributes");
        for point in list(metric.item.pointer(points)) {
            let series = format!("{resource:?}{:?}", point.get("attributes"));
            if let Some(number) = number(point) {
                last.insert(series, number);
            }
        }
    }
    last.into_values().sum()
}
