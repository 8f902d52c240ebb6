//! `views`: how the measurements of instruments are aggregated.

use opentelemetry::Key;
use opentelemetry_sdk::metrics::Aggregation;
use opentelemetry_sdk::metrics::InstrumentKind;

use super::problem::Problem;
use super::sampler::patterns;
use super::section::Section;
use super::section::Value;
use crate::pattern::Pattern;
use crate::views::View;

pub(super) fn view(value: &Value<'_>) -> Result<View, Problem> {
    value.mapping(|section| {
        let mut view = View::default();
        section
            .required("selector")?
            .mapping(|section| selector(section, &mut view))?;
        section
            .required("stream")?
            .mapping(|section| stream(section, &mut view))?;
        Ok(view)
    })
}

fn selector(section: &mut Section<'_>, view: &mut View) -> Result<(), Problem> {
    let pattern = |value: &Value<'_>| Ok(Pattern::new(&value.text()?));
    view.instrument = section.read("instrument_name", pattern)?;
    view.kind = section.read("instrument_type", |value| value.one_of(&KINDS))?;
    view.unit = section.read("unit", Value::text)?;
    view.meter = section.read("meter_name", pattern)?;
    view.meter_version = section.read("meter_version", Value::text)?;
    view.meter_schema = section.read("meter_schema_url", Value::text)?;
    Ok(())
}

fn stream(section: &mut Section<'_>, view: &mut View) -> Result<(), Problem> {
    view.name = section.read("name", Value::text)?;
    view.description = section.read("description", Value::text)?;
    view.aggregation = section.read("aggregation", aggregation)?;
    let cardinality = section.read("aggregation_cardinality_limit", |value| value.count(1))?;
    view.cardinality = cardinality.map(|limit| limit as usize);
    let Some(keys) = section.get("attribute_keys") else {
        return Ok(());
    };
    let patterns = keys.mapping(patterns)?;
    let included = patterns.included.as_ref();
    let exact = included.and_then(|included| included.iter().map(Pattern::exact).collect());
    let exact: Option<Vec<String>> = exact;
    match exact {
        // All included names are exact, so the excluded ones are left out here.
        Some(names) => {
            let names = names.into_iter().filter(|name| patterns.select(name));
            view.attributes = Some(names.map(Key::from).collect());
        }
        None => keys
            .warn("not supported, the SDK keeps attributes by a list of whole names; all are kept"),
    }
    Ok(())
}

fn aggregation(value: &Value<'_>) -> Result<Aggregation, Problem> {
    let (name, value) = value.choice()?;
    let aggregation = match name {
        "default" => value.empty().map(|()| Aggregation::Default)?,
        "drop" => value.empty().map(|()| Aggregation::Drop)?,
        "last_value" => value.empty().map(|()| Aggregation::LastValue)?,
        "sum" => value.empty().map(|()| Aggregation::Sum)?,
        "explicit_bucket_histogram" => value.mapping(explicit)?,
        "base2_exponential_bucket_histogram" => value.mapping(exponential)?,
        _ => return Err(value.problem(format_args!("`{name}` is no aggregation"))),
    };
    Ok(aggregation)
}

fn explicit(section: &mut Section<'_>) -> Result<Aggregation, Problem> {
    let boundaries = section.read("boundaries", |value| {
        let members = value.list_or_empty()?.into_iter();
        let boundaries: Vec<f64> = members.map(|it| it.number()).collect::<Result<_, _>>()?;
        let is_finite = boundaries.iter().all(|boundary| boundary.is_finite());
        match is_finite && boundaries.is_sorted_by(|one, other| one < other) {
            true => Ok(boundaries),
            false => Err(value.problem("boundaries have to be numbers that increase")),
        }
    })?;
    Ok(Aggregation::ExplicitBucketHistogram {
        boundaries: boundaries.unwrap_or_else(|| BOUNDARIES.to_vec()),
        record_min_max: section.read("record_min_max", Value::bool)?.unwrap_or(true),
    })
}

fn exponential(section: &mut Section<'_>) -> Result<Aggregation, Problem> {
    let max_scale = section.read("max_scale", |value| {
        let scale = i8::try_from(value.integer()?).ok();
        let scale = scale.filter(|scale| (-10..=20).contains(scale));
        scale.ok_or_else(|| value.problem("an integer from -10 to 20 is expected"))
    })?;
    let max_size = section.read("max_size", |value| value.count(2))?;
    Ok(Aggregation::Base2ExponentialHistogram {
        max_size: max_size.unwrap_or(160),
        max_scale: max_scale.unwrap_or(20),
        record_min_max: section.read("record_min_max", Value::bool)?.unwrap_or(true),
    })
}

/// The boundaries of the specification.
const BOUNDARIES: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0,
    7_500.0, 10_000.0,
];
pub(super) const KINDS: [(&str, InstrumentKind); 7] = [
    ("counter", InstrumentKind::Counter),
    ("gauge", InstrumentKind::Gauge),
    ("histogram", InstrumentKind::Histogram),
    ("observable_counter", InstrumentKind::ObservableCounter),
    ("observable_gauge", InstrumentKind::ObservableGauge),
    (
        "observable_up_down_counter",
        InstrumentKind::ObservableUpDownCounter,
    ),
    ("up_down_counter", InstrumentKind::UpDownCounter),
];
