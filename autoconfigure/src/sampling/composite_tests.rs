use opentelemetry::Array;
use opentelemetry::SpanId;
use opentelemetry::TraceFlags;
use opentelemetry::Value;
use opentelemetry::trace::SpanContext;

use super::*;
use crate::pattern::Pattern;
use crate::pattern::Patterns;
use crate::sampling::Composable;
use crate::sampling::Composite;
use crate::sampling::Parent;
use crate::sampling::Rule;
use crate::sampling::threshold::Threshold;

/// The parent as flags and trace state: `remote 01 ot=th:8`.
fn parent(text: &str) -> Option<Context> {
    let mut words = text.split(' ');
    let (place, flags) = (words.next()?, words.next()?);
    let state = words.next().map_or(TraceState::NONE, |state| {
        let (key, value) = state.split_once('=').unwrap();
        TraceState::from_key_value([(key, value)]).unwrap()
    });
    let context = SpanContext::new(
        TraceId::from(HIGH),
        SpanId::from(1),
        TraceFlags::new(flags.parse().unwrap()),
        place == "remote",
        state,
    );
    Some(Context::new().with_remote_span_context(context))
}

fn sampled(
    sampler: &Composable,
    parent_text: &str,
    id: u128,
    kind: &SpanKind,
    attributes: &[KeyValue],
) -> (bool, String) {
    let sampler = Composite::new(sampler.clone());
    let parent = parent(parent_text);
    let id = TraceId::from(id);
    let result = sampler.should_sample(parent.as_ref(), id, "", kind, attributes, &[]);
    let is_sampled = result.decision == SamplingDecision::RecordAndSample;
    (is_sampled, result.trace_state.header())
}

#[test]
fn threshold_is_compared_with_the_randomness_and_told() {
    let tenth = Composable::probability(0.1);
    let on = Composable::AlwaysOn;
    let off = Composable::AlwaysOff;
    let by_parent = Composable::ParentThreshold(Box::new(tenth.clone()));
    for (sampler, parent, id, expected, state) in [
        (&on, "", LOW, true, "ot=th:0"),
        (&off, "", HIGH, false, ""),
        (&tenth, "", HIGH, true, "ot=th:e666"),
        (&tenth, "", LOW, false, ""),
        // The parent was not sampled with a probability.
        (&tenth, "remote 1 ot=th:0", LOW, false, ""),
        (&tenth, "remote 0", HIGH, true, "ot=th:e666"),
        // An explicit randomness overrides that of the id.
        (
            &tenth,
            "remote 1 ot=rv:fffffffffffff0",
            LOW,
            true,
            "ot=rv:fffffffffffff0;th:e666",
        ),
        (
            &tenth,
            "remote 1 ot=rv:00000000000000;th:0",
            HIGH,
            false,
            "ot=rv:00000000000000",
        ),
        (&by_parent, "", HIGH, true, "ot=th:e666"),
        (&by_parent, "", LOW, false, ""),
        (&by_parent, "remote 1 ot=th:8", HIGH, true, "ot=th:8"),
        (&by_parent, "remote 1", LOW, true, ""),
        (&by_parent, "local 1 foo=1", LOW, true, "foo=1"),
        (&by_parent, "local 0", HIGH, false, ""),
        (&off, "local 1 ot=th:8", HIGH, false, ""),
    ] {
        let found = sampled(sampler, parent, id, &SpanKind::Server, &[]);
        assert_eq!(
            found,
            (expected, state.to_owned()),
            "{sampler:?} {parent:?} {id:x}"
        );
    }
}

#[test]
fn first_rule_that_holds_decides() {
    let path = |value: &str| Rule {
        values: Some(("url.path".into(), vec![value.to_owned()])),
        ..Rule::default()
    };
    let rules = Composable::RuleBased(vec![
        (path("/healthz"), Composable::AlwaysOff),
        (path("/checkout"), Composable::AlwaysOn),
        (Rule::default(), Composable::probability(0.1)),
    ]);
    for (value, id, expected) in [
        ("/healthz", HIGH, false),
        ("/checkout", LOW, true),
        ("/checkouts", LOW, false),
        ("/checkouts", HIGH, true),
    ] {
        let attributes = [KeyValue::new("url.path", value.to_owned())];
        let (found, _) = sampled(&rules, "", id, &SpanKind::Server, &attributes);
        assert_eq!(found, expected, "{value} {id:x}");
    }
    // Without a rule that holds, nothing is sampled.
    let none = Composable::RuleBased(vec![(path("/a"), Composable::AlwaysOn)]);
    assert!(!sampled(&none, "", HIGH, &SpanKind::Server, &[]).0);
    let none = Composable::RuleBased(Vec::new());
    assert!(!sampled(&none, "", HIGH, &SpanKind::Server, &[]).0);
}

#[test]
fn all_conditions_of_a_rule_have_to_hold() {
    let attributes = [
        KeyValue::new("http.route", "/orders/{id}"),
        KeyValue::new("http.response.status_code", 404),
        KeyValue::new(
            "tags",
            Value::Array(Array::String(vec!["a".into(), "b".into()])),
        ),
        KeyValue::new("numbers", Value::Array(Array::I64(vec![1, 22]))),
    ];
    let values = |key: &'static str, values: &[&str]| Rule {
        values: Some((
            key.into(),
            values.iter().map(|it| (*it).to_owned()).collect(),
        )),
        ..Rule::default()
    };
    let patterns = |key: &'static str, included: &[&str], excluded: &[&str]| {
        let patterns = |texts: &[&str]| texts.iter().map(|it| Pattern::new(it)).collect::<Vec<_>>();
        let included = Some(patterns(included)).filter(|it| !it.is_empty());
        let excluded = patterns(excluded);
        Rule {
            patterns: Some((key.into(), Patterns { included, excluded })),
            ..Rule::default()
        }
    };
    let kinds = |kinds: &[SpanKind]| Rule {
        kinds: Some(kinds.to_vec()),
        ..Rule::default()
    };
    let parents = |parents: &[Parent]| Rule {
        parents: Some(parents.to_vec()),
        ..Rule::default()
    };
    for (rule, parent, expected) in [
        (Rule::default(), "", true),
        (values("http.route", &["/a", "/orders/{id}"]), "", true),
        (values("http.route", &["/orders"]), "", false),
        (values("url.path", &["/orders"]), "", false),
        (values("http.response.status_code", &["404"]), "", true),
        (values("tags", &["b"]), "", true),
        (values("tags", &["c"]), "", false),
        (values("numbers", &["22"]), "", true),
        (patterns("http.route", &["/orders/*"], &[]), "", true),
        (
            patterns("http.route", &["/orders/*"], &["*{id}"]),
            "",
            false,
        ),
        (patterns("http.route", &[], &["/a*"]), "", true),
        (patterns("url.path", &[], &[]), "", false),
        (
            patterns("http.response.status_code", &["4*"], &[]),
            "",
            true,
        ),
        (patterns("numbers", &["2?"], &[]), "", true),
        (kinds(&[SpanKind::Client, SpanKind::Server]), "", true),
        (kinds(&[SpanKind::Client]), "", false),
        (parents(&[Parent::None]), "", true),
        (parents(&[Parent::None]), "remote 1", false),
        (parents(&[Parent::Remote]), "remote 0", true),
        (parents(&[Parent::Remote]), "local 1", false),
        (parents(&[Parent::Local, Parent::Remote]), "local 1", true),
        (
            Rule {
                kinds: Some(vec![SpanKind::Client]),
                ..values("http.route", &["/orders/{id}"])
            },
            "",
            false,
        ),
    ] {
        let sampler = Composable::RuleBased(vec![(rule, Composable::AlwaysOn)]);
        let (found, _) = sampled(&sampler, parent, LOW, &SpanKind::Server, &attributes);
        assert_eq!(found, expected, "{sampler:?} {parent:?}");
    }
}

#[test]
fn as_many_as_asked_for_are_sampled() {
    let third = Threshold::of_ratio(0.3).unwrap();
    let spread = (0..10_000_u64).filter(|step| third.samples(step * ((1 << 56) / 10_000)));
    // The randomness is evenly spread, so the count is exact except for rounding.
    assert!((2_999..=3_001).contains(&spread.count()));
}

const LOW: u128 = 1 << 120;
const HIGH: u128 = u128::MAX;
