//! `sampler`: which traces are recorded.

use opentelemetry::Key;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::ParentBasedSampler;
use opentelemetry_sdk::trace::Sampler;
use opentelemetry_sdk::trace::ShouldSample;

use super::problem::Problem;
use super::section::Section;
use super::section::Value;
use crate::pattern::Pattern;
use crate::pattern::Patterns;
use crate::sampling::Composable;
use crate::sampling::Composite;
use crate::sampling::Parent;
use crate::sampling::Rule;

type Boxed = Box<dyn ShouldSample>;

pub(super) fn sampler(value: &Value<'_>) -> Result<Boxed, Problem> {
    let (name, value) = value.choice()?;
    Ok(match name {
        "always_on" => {
            value.empty()?;
            Box::new(Sampler::AlwaysOn)
        }
        "always_off" => {
            value.empty()?;
            Box::new(Sampler::AlwaysOff)
        }
        "trace_id_ratio_based" => Box::new(Sampler::TraceIdRatioBased(value.mapping(ratio)?)),
        "probability/development" => Box::new(Composite::new(Composable::probability(
            value.mapping(ratio)?,
        ))),
        "composite/development" => Box::new(Composite::new(composable(&value)?)),
        "parent_based" => Box::new(value.mapping(parent_based)?),
        "jaeger_remote/development" => {
            value.warn("not supported, no sampler is fetched; using its initial_sampler");
            value.mapping(|section| {
                section.get("endpoint");
                section.get("interval");
                sampler(&section.required("initial_sampler")?)
            })?
        }
        _ => return Err(value.problem(format_args!("`{name}` is none of {SAMPLERS}"))),
    })
}

fn parent_based(section: &mut Section<'_>) -> Result<ParentBasedSampler, Problem> {
    let root = section.read("root", sampler)?;
    let mut sampled = Sampler::parent_based(root.unwrap_or_else(|| Box::new(Sampler::AlwaysOn)));
    if let Some(other) = section.read("remote_parent_sampled", sampler)? {
        sampled = sampled.with_remote_parent_sampled(other);
    }
    if let Some(other) = section.read("remote_parent_not_sampled", sampler)? {
        sampled = sampled.with_remote_parent_not_sampled(other);
    }
    if let Some(other) = section.read("local_parent_sampled", sampler)? {
        sampled = sampled.with_local_parent_sampled(other);
    }
    if let Some(other) = section.read("local_parent_not_sampled", sampler)? {
        sampled = sampled.with_local_parent_not_sampled(other);
    }
    Ok(sampled)
}

fn composable(value: &Value<'_>) -> Result<Composable, Problem> {
    let (name, value) = value.choice()?;
    match name {
        "always_on" => value.empty().map(|()| Composable::AlwaysOn),
        "always_off" => value.empty().map(|()| Composable::AlwaysOff),
        "probability" => value.mapping(ratio).map(Composable::probability),
        "parent_threshold" => value.mapping(|section| {
            let root = composable(&section.required("root")?)?;
            Ok(Composable::ParentThreshold(Box::new(root)))
        }),
        "rule_based" => value.mapping(|section| {
            let rules = section.read("rules", |rules| {
                let rules = rules.list()?.into_iter();
                rules.map(|member| member.mapping(rule)).collect()
            })?;
            Ok(Composable::RuleBased(rules.unwrap_or_default()))
        }),
        _ => Err(value.problem(format_args!("`{name}` is none of {COMPOSABLES}"))),
    }
}

fn rule(section: &mut Section<'_>) -> Result<(Rule, Composable), Problem> {
    let values = section.read("attribute_values", |value| {
        value.mapping(|section| {
            let key = Key::from(section.required("key")?.text()?);
            Ok((key, section.required("values")?.texts()?))
        })
    })?;
    let patterns = section.read("attribute_patterns", |value| {
        value.mapping(|section| {
            let key = Key::from(section.required("key")?.text()?);
            Ok((key, self::patterns(section)?))
        })
    })?;
    let kinds = section.read("span_kinds", |value| each_of(value, &KINDS))?;
    let parents = section.read("parent", |value| each_of(value, &PARENTS))?;
    let rule = Rule {
        values,
        patterns,
        kinds,
        parents,
    };
    Ok((rule, composable(&section.required("sampler")?)?))
}

/// `included` and `excluded`
pub(super) fn patterns(section: &mut Section<'_>) -> Result<Patterns, Problem> {
    let mut patterns = |key| {
        let texts = section.read(key, Value::texts)?;
        let patterns = |texts: Vec<String>| texts.iter().map(|it| Pattern::new(it)).collect();
        Ok(texts.map(patterns))
    };
    let included: Option<Vec<Pattern>> = patterns("included")?;
    let excluded: Option<Vec<Pattern>> = patterns("excluded")?;
    Ok(Patterns {
        included,
        excluded: excluded.unwrap_or_default(),
    })
}

fn each_of<T: Clone>(value: &Value<'_>, choices: &[(&str, T)]) -> Result<Vec<T>, Problem> {
    let members = value.list()?.into_iter();
    members.map(|member| member.one_of(choices)).collect()
}

/// A ratio from 0 to 1; 1 by default.
fn ratio(section: &mut Section<'_>) -> Result<f64, Problem> {
    let ratio = section.read("ratio", |value| {
        let ratio = value.number()?;
        match (0.0..=1.0).contains(&ratio) {
            true => Ok(ratio),
            false => Err(value.problem("a number from 0 to 1 is expected")),
        }
    })?;
    Ok(ratio.unwrap_or(1.0))
}

const SAMPLERS: &str = "always_on, always_off, parent_based, trace_id_ratio_based, \
     probability/development, composite/development";
const COMPOSABLES: &str = "always_on, always_off, probability, parent_threshold, rule_based";
const KINDS: [(&str, SpanKind); 5] = [
    ("internal", SpanKind::Internal),
    ("server", SpanKind::Server),
    ("client", SpanKind::Client),
    ("producer", SpanKind::Producer),
    ("consumer", SpanKind::Consumer),
];
const PARENTS: [(&str, Parent); 3] = [
    ("none", Parent::None),
    ("remote", Parent::Remote),
    ("local", Parent::Local),
];
