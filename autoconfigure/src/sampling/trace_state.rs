//! `ot=th:…;rv:…`: OpenTelemetry's entry in the trace state of W3C Trace Context.
//!
//! See <https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/>.

use opentelemetry::trace::TraceState;

use super::threshold::Threshold;
use super::threshold::explicit_randomness;

/// The threshold that the parent was sampled with, if it is given.
pub(super) fn threshold(state: &TraceState) -> Option<Threshold> {
    Threshold::decoded(value(state, THRESHOLD)?)
}

pub(super) fn randomness(state: &TraceState) -> Option<u64> {
    explicit_randomness(value(state, RANDOMNESS)?)
}

/// The state with this threshold, or without one. Everything else stays as it is.
pub(super) fn with_threshold(state: TraceState, threshold: Option<Threshold>) -> TraceState {
    let entry = state.get(VENDOR).unwrap_or_default();
    let others = entry
        .split(';')
        .filter(|member| !member.is_empty() && name(member) != THRESHOLD);
    let mut members: Vec<_> = others.map(str::to_owned).collect();
    members.extend(threshold.map(|it| format!("{THRESHOLD}:{}", it.encoded())));
    let written = members.join(";");
    if written == entry || written.len() > LONGEST {
        return state;
    }
    let changed = match written.is_empty() {
        true => state.delete(VENDOR),
        false => state.insert(VENDOR, written),
    };
    changed.unwrap_or(state)
}

fn value<'a>(state: &'a TraceState, key: &str) -> Option<&'a str> {
    let mut members = state.get(VENDOR)?.split(';');
    let member = members.find(|member| name(member) == key)?;
    member.split_once(':').map(|(_, value)| value)
}

fn name(member: &str) -> &str {
    member.split(':').next().unwrap_or_default()
}

const VENDOR: &str = "ot";
const THRESHOLD: &str = "th";
const RANDOMNESS: &str = "rv";
/// The maximum length of one entry of a trace state.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn state(entry: &str) -> TraceState {
        TraceState::from_key_value([("foo", "1"), ("ot", entry)]).unwrap()
    }

    #[test]
    fn threshold_is_replaced_and_the_rest_stays() {
        let tenth = Threshold::of_ratio(0.1);
        for (entry, threshold, expected) in [
            ("th:8", tenth, "ot=th:e666,foo=1"),
            (
                "rv:9b8233f7e3a151",
                tenth,
                "ot=rv:9b8233f7e3a151;th:e666,foo=1",
            ),
            (
                "th:8;rv:9b8233f7e3a151;x:1",
                tenth,
                "ot=rv:9b8233f7e3a151;x:1;th:e666,foo=1",
            ),
            ("th:e666", tenth, "foo=1,ot=th:e666"),
            ("th:8;rv:9b8233f7e3a151", None, "ot=rv:9b8233f7e3a151,foo=1"),
            ("th:8", None, "foo=1"),
            ("x:1", None, "foo=1,ot=x:1"),
        ] {
            let found = with_threshold(state(entry), threshold);
            assert_eq!(found.header(), expected, "{entry}");
        }
        let long = format!("x:{}", "1".repeat(250));
        assert_eq!(with_threshold(state(&long), tenth), state(&long));
        assert_eq!(with_threshold(TraceState::NONE, None), TraceState::NONE);
        assert_eq!(
            with_threshold(TraceState::NONE, tenth).header(),
            "ot=th:e666"
        );
    }

    #[test]
    fn what_is_said_is_read() {
        let state = state("th:c;rv:9b8233f7e3a151");
        assert_eq!(threshold(&state), Threshold::of_ratio(0.25));
        assert_eq!(randomness(&state), Some(0x9b_8233_f7e3_a151));
        assert_eq!(threshold(&TraceState::NONE), None);
        assert_eq!(randomness(&TraceState::NONE), None);
    }
}
