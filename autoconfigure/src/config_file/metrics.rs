//! `meter_provider`

use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;

use super::exporter::exporter;
use super::exporter::timeout;
use super::problem::Problem;
use super::section::Section;
use super::section::Value;
use super::views::KINDS;
use super::views::view;
use crate::metrics::MetricPlan;
use crate::metrics::Reader;
use crate::signal::Signal;
use crate::views::Cardinality;
use crate::views::Defaults;

pub(super) fn metrics(section: &mut Section<'_>) -> Result<MetricPlan, Problem> {
    section.unsupported("meter_configurator/development", "all meters are enabled");
    if let Some(filter) = section.get("exemplar_filter")
        && filter.one_of(&EXEMPLARS)?
    {
        filter.warn("not supported, the SDK records no exemplars");
    }
    let views = section.read("views", |views| views.list()?.iter().map(view).collect())?;
    let mut plan = MetricPlan {
        readers: Vec::new(),
        views: views.unwrap_or_default(),
        defaults: Defaults::default(),
    };
    for member in section.required("readers")?.list()? {
        let (name, value) = member.choice()?;
        match name {
            "periodic" => value.mapping(|section| periodic(section, &value, &mut plan))?,
            "pull" => value.warn("not supported, metrics are exported and not fetched"),
            _ => {
                return Err(value.problem(format_args!("`{name}` is none of periodic, pull")));
            }
        }
    }
    Ok(plan)
}

fn periodic(
    section: &mut Section<'_>,
    value: &Value<'_>,
    plan: &mut MetricPlan,
) -> Result<(), Problem> {
    section.unsupported("max_export_batch_size/development", "an export is whole");
    section.unsupported("producers", "the SDK knows no other producers of metrics");
    let interval = section.read("interval", |value| value.count(1))?;
    let interval = interval.map(|millis| Duration::from_millis(millis.into()));
    let timeout = section.read("timeout", timeout)?;
    let cardinality = section.get("cardinality_limits");
    let cardinality = cardinality.map(|limits| limits.mapping(cardinality_limits));
    let cardinality = cardinality.transpose()?.unwrap_or_default();
    let Some(exporter) = exporter(&section.required("exporter")?, Signal::Metrics)? else {
        return Ok(());
    };
    let is_exponential = exporter.is_exponential.is_some_and(|(is, _)| is);
    let defaults = Defaults {
        is_exponential,
        cardinality,
    };
    // In the SDK they belong to the provider.
    match plan.readers.is_empty() {
        true => plan.defaults = defaults,
        false if plan.defaults != defaults => value.warn(
            "the SDK has default aggregations and cardinality limits for all readers together; \
             those of the first one count",
        ),
        false => {}
    }
    plan.readers.push(Reader {
        interval: interval.unwrap_or(Reader::INTERVAL),
        timeout,
        temporality: exporter.temporality.unwrap_or(Temporality::Cumulative),
        target: exporter.target,
    });
    Ok(())
}

fn cardinality_limits(section: &mut Section<'_>) -> Result<Cardinality, Problem> {
    let mut limit = |key| {
        let limit = section.read(key, |value| value.count(1))?;
        Ok(limit.map(|limit| limit as usize))
    };
    let default = limit("default")?;
    let mut by_kind = Vec::new();
    for (key, kind) in KINDS {
        by_kind.extend(limit(key)?.map(|limit| (kind, limit)));
    }
    Ok(Cardinality { default, by_kind })
}

const EXEMPLARS: [(&str, bool); 3] = [
    ("always_on", true),
    ("always_off", false),
    ("trace_based", true),
];
