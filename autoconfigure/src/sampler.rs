//! `OTEL_TRACES_SAMPLER` and its argument.
//!
//! They are read here rather than by the SDK, which only knows lower-case names and accepts invalid
//! ratios.

use opentelemetry_sdk::trace::Sampler;

use crate::environment::Environment;
use crate::environment::none_of;

/// The sampler set by the environment; `parentbased_always_on` by default.
pub(crate) fn sampler(environment: &Environment) -> Sampler {
    let name = environment.text(SAMPLER).unwrap_or_default();
    let rule = RULES
        .iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known));
    let Some((_, rule)) = rule else {
        if !name.is_empty() {
            environment.reject(SAMPLER, &name, &none_of(&RULES), DEFAULT);
        }
        return parent_based(Sampler::AlwaysOn);
    };
    match rule {
        Rule::AlwaysOn => Sampler::AlwaysOn,
        Rule::AlwaysOff => Sampler::AlwaysOff,
        Rule::Ratio => Sampler::TraceIdRatioBased(ratio(environment)),
        Rule::ParentAlwaysOn => parent_based(Sampler::AlwaysOn),
        Rule::ParentAlwaysOff => parent_based(Sampler::AlwaysOff),
        Rule::ParentRatio => parent_based(Sampler::TraceIdRatioBased(ratio(environment))),
    }
}

fn parent_based(root: Sampler) -> Sampler {
    Sampler::ParentBased(Box::new(root))
}

fn ratio(environment: &Environment) -> f64 {
    let Some(value) = environment.text(ARGUMENT) else {
        return 1.0;
    };
    match value.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
        _ => {
            environment.reject(ARGUMENT, &value, "not a number from 0 to 1", "1.0");
            1.0
        }
    }
}

enum Rule {
    AlwaysOn,
    AlwaysOff,
    Ratio,
    ParentAlwaysOn,
    ParentAlwaysOff,
    ParentRatio,
}

const RULES: [(&str, Rule); 6] = [
    ("always_on", Rule::AlwaysOn),
    ("always_off", Rule::AlwaysOff),
    ("traceidratio", Rule::Ratio),
    (DEFAULT, Rule::ParentAlwaysOn),
    ("parentbased_always_off", Rule::ParentAlwaysOff),
    ("parentbased_traceidratio", Rule::ParentRatio),
];
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
const DEFAULT: &str = "parentbased_always_on";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;
    use crate::environment::tests::said;

    #[test]
    fn every_name_selects_its_sampler() {
        for (name, argument, expected, warnings) in [
            ("", "", "ParentBased(AlwaysOn)", 0),
            ("always_on", "", "AlwaysOn", 0),
            ("ALWAYS_OFF", "", "AlwaysOff", 0),
            ("traceidratio", "0.25", "TraceIdRatioBased(0.25)", 0),
            ("traceidratio", "", "TraceIdRatioBased(1.0)", 0),
            ("parentbased_always_on", "", "ParentBased(AlwaysOn)", 0),
            ("parentbased_always_off", "", "ParentBased(AlwaysOff)", 0),
            (
                "parentbased_traceidratio",
                "0.1",
                "ParentBased(TraceIdRatioBased(0.1))",
                0,
            ),
            ("traceidratio", "0", "TraceIdRatioBased(0.0)", 0),
            ("traceidratio", "10%", "TraceIdRatioBased(1.0)", 1),
            ("traceidratio", "1.5", "TraceIdRatioBased(1.0)", 1),
            ("traceidratio", "-1", "TraceIdRatioBased(1.0)", 1),
            ("traceidratio", "NaN", "TraceIdRatioBased(1.0)", 1),
            ("jaeger_remote", "", "ParentBased(AlwaysOn)", 1),
            // An argument that the sampler does not use is ignored.
            ("always_on", "10%", "AlwaysOn", 0),
        ] {
            let environment = environment(&[(SAMPLER, name), (ARGUMENT, argument)]);
            let sampler = sampler(&environment);
            assert_eq!(format!("{sampler:?}"), expected, "{name} {argument}");
            assert_eq!(said(environment).len(), warnings, "{name} {argument}");
        }
    }
}
