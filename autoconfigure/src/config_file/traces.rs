//! `tracer_provider` and `attribute_limits`

use opentelemetry_sdk::trace::SpanLimits;

use super::problem::Problem;
use super::processor::processors;
use super::sampler::sampler;
use super::section::Section;
use crate::signal::Signal;
use crate::traces::TracePlan;

/// `attribute_limits`: the limits that apply if no others are set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AttributeLimits {
    length: Option<u32>,
    count: Option<u32>,
}

impl AttributeLimits {
    pub(super) fn read(section: &mut Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            length: section.read("attribute_value_length_limit", |it| it.count(0))?,
            count: section.read("attribute_count_limit", |it| it.count(0))?,
        })
    }
}

pub(super) fn traces(
    section: &mut Section<'_>,
    general: AttributeLimits,
) -> Result<TracePlan, Problem> {
    section.unsupported("tracer_configurator/development", "all tracers are enabled");
    if let Some(generator) = section.get("id_generator") {
        let (name, value) = generator.choice()?;
        match name {
            "random" => value.empty()?,
            _ => value.warn("this generator is not known; using random ids"),
        }
    }
    let sampler = match section.get("sampler") {
        Some(value) => sampler(&value)?,
        None => TracePlan::default_sampler(),
    };
    let limits = section.get("limits");
    let limits = limits.map(|limits| limits.mapping(|limits| read_limits(limits, general)));
    let (limits, value_length) = match limits.transpose()? {
        Some(limits) => limits,
        None => (span_limits(general), general.length),
    };
    Ok(TracePlan {
        // Rules also look at names and attributes.
        early: None,
        sampler,
        limits,
        value_length: value_length.map(|length| length as usize),
        processors: processors(section, Signal::Traces)?,
    })
}

fn read_limits(
    section: &mut Section<'_>,
    general: AttributeLimits,
) -> Result<(SpanLimits, Option<u32>), Problem> {
    let own = AttributeLimits::read(section)?;
    let mut limits = span_limits(AttributeLimits {
        count: own.count.or(general.count),
        ..general
    });
    for (key, limit) in [
        ("event_count_limit", &mut limits.max_events_per_span),
        ("link_count_limit", &mut limits.max_links_per_span),
        (
            "event_attribute_count_limit",
            &mut limits.max_attributes_per_event,
        ),
        (
            "link_attribute_count_limit",
            &mut limits.max_attributes_per_link,
        ),
    ] {
        if let Some(count) = section.read(key, |it| it.count(0))? {
            *limit = count;
        }
    }
    Ok((limits, own.length.or(general.length)))
}

fn span_limits(general: AttributeLimits) -> SpanLimits {
    SpanLimits {
        max_attributes_per_span: general.count.unwrap_or(COUNT),
        max_events_per_span: COUNT,
        max_links_per_span: COUNT,
        max_attributes_per_event: COUNT,
        max_attributes_per_link: COUNT,
    }
}

const COUNT: u32 = 128;
