use std::time::Duration;
use std::time::Instant;

use otel_otlp_exporter::FailureKind;

use super::*;

const PLACE: &str = "http://collector:4318";

fn collector() -> Destination {
    let collector = Destination::new(PLACE);
    for signal in Signal::ALL {
        collector.add(signal, &format!("{PLACE}/{}", signal.path()), false);
    }
    collector
}

/// The texts of the notices when an attempt fails now.
fn failed(collector: &Destination, signal: Signal, kind: FailureKind) -> Vec<String> {
    failed_since(collector, signal, kind, Instant::now())
}

fn failed_since(
    collector: &Destination,
    signal: Signal,
    kind: FailureKind,
    began: Instant,
) -> Vec<String> {
    let failure = Failure::new(kind, "no");
    let attempt = Attempt {
        failure: &failure,
        began,
        is_retried: true,
    };
    texts(collector.state().failed(PLACE, signal, &attempt))
}

fn lost(collector: &Destination, signal: Signal, items: u64, kind: FailureKind) -> Vec<String> {
    let failure = Failure::new(kind, "no");
    let loss = Loss::of(items, kind != FailureKind::Timeout);
    texts(collector.state().lost(signal, loss, &failure))
}

fn delivered(collector: &Destination, signal: Signal) -> Vec<String> {
    texts(collector.state().delivered(PLACE, signal, 0, ""))
}

fn texts(notices: Vec<Notice>) -> Vec<String> {
    notices.into_iter().map(|notice| notice.text).collect()
}

#[test]
fn outage_is_told_when_it_begins_by_the_first_signal_that_notices() {
    let collector = collector();
    assert_eq!(
        failed(&collector, Signal::Logs, FailureKind::Connect),
        [
            "logs cannot be exported to http://collector:4318 at the moment: no; they are kept and \
             tried again; this is said once until it works (OTEL_LOGS_EXPORTER=none exports none)"
        ]
    );
    for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
        let more = failed(&collector, signal, FailureKind::Timeout);
        assert_eq!(more, [""; 0]);
    }
}

#[test]
fn end_of_an_outage_is_told_once_with_what_each_signal_lost() {
    let collector = collector();
    for signal in Signal::ALL {
        failed(&collector, signal, FailureKind::Timeout);
    }
    lost(&collector, Signal::Traces, 7, FailureKind::Connect);
    lost(&collector, Signal::Metrics, 2, FailureKind::Timeout);
    collector.dropped(Signal::Traces, 5);
    let [told] = &delivered(&collector, Signal::Logs)[..] else {
        panic!();
    };
    let losses = "traces: exactly 12 spans lost, metrics: up to 2 data points lost, \
                  logs: nothing lost";
    assert!(
        told.starts_with("http://collector:4318 takes telemetry again after "),
        "{told}"
    );
    assert!(told.ends_with(losses), "{told}");
    assert_eq!(delivered(&collector, Signal::Traces), [""; 0]);
    // A later loss of another signal is reported at that signal's own success.
    failed(&collector, Signal::Metrics, FailureKind::Timeout);
    lost(&collector, Signal::Metrics, 1, FailureKind::Connect);
    assert_eq!(delivered(&collector, Signal::Metrics).len(), 1);
    // The next outage is reported as a new one.
    assert_eq!(
        failed(&collector, Signal::Logs, FailureKind::Connect).len(),
        1
    );
}

#[test]
fn attempt_that_began_before_the_recovery_begins_no_outage() {
    let collector = collector();
    let before = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
    delivered(&collector, Signal::Logs);
    let late = failed_since(&collector, Signal::Traces, FailureKind::Timeout, before);
    assert_eq!(late, [""; 0]);
    // The next attempt does.
    let next = failed(&collector, Signal::Traces, FailureKind::Timeout);
    assert_eq!(next.len(), 1);
}

#[test]
fn signal_that_fails_while_others_pass_is_told_once() {
    let collector = collector();
    assert_eq!(
        failed(&collector, Signal::Logs, FailureKind::Timeout).len(),
        1
    );
    for _ in 0..3 {
        assert_eq!(delivered(&collector, Signal::Traces), [""; 0]);
        assert_eq!(
            failed(&collector, Signal::Logs, FailureKind::Timeout),
            [""; 0]
        );
    }
}

#[test]
fn refusal_is_told_once_per_signal_with_the_number_and_the_whole_url() {
    let collector = collector();
    delivered(&collector, Signal::Traces);
    for signal in [Signal::Logs, Signal::Metrics] {
        assert_eq!(failed(&collector, signal, FailureKind::Refused), [""; 0]);
        let [told] = &lost(&collector, signal, 3, FailureKind::Refused)[..] else {
            panic!();
        };
        let url = format!("{PLACE}/{}", signal.path());
        assert!(
            told.starts_with(&format!("{signal} are not taken by {url}: no; exactly 3")),
            "{told}"
        );
        assert_eq!(lost(&collector, signal, 3, FailureKind::Refused), [""; 0]);
    }
    let (text, reason) = collector.losses(Signal::Logs).unwrap();
    assert_eq!(
        text,
        "could not be exported to http://collector:4318/v1/logs: no (exactly 6 records lost)"
    );
    assert_eq!(reason.unwrap().kind(), FailureKind::Refused);
    delivered(&collector, Signal::Logs);
    assert!(collector.losses(Signal::Logs).is_none());
}

#[test]
fn cumulative_values_are_lost_only_if_the_last_ones_are() {
    let collector = collector();
    collector.add(Signal::Metrics, PLACE, true);
    failed(&collector, Signal::Metrics, FailureKind::Connect);
    for _ in 0..3 {
        assert_eq!(
            lost(&collector, Signal::Metrics, 2, FailureKind::Connect),
            [""; 0]
        );
    }
    let (text, _) = collector.losses(Signal::Metrics).unwrap();
    assert!(text.ends_with("(exactly 2 data points lost)"), "{text}");
    let told = delivered(&collector, Signal::Metrics);
    assert!(told[0].contains("metrics: nothing lost"), "{told:?}");
    assert!(collector.losses(Signal::Metrics).is_none());
}

#[test]
fn losses_of_the_shutdown_are_returned_and_not_told() {
    let collector = collector();
    collector.close();
    assert_eq!(
        lost(&collector, Signal::Traces, 3, FailureKind::ShutDown),
        [""; 0]
    );
    assert!(collector.losses(Signal::Traces).is_some());
}

#[test]
fn other_protocol_is_named_with_its_variable() {
    let collector = collector();
    let [told] = &lost(&collector, Signal::Traces, 3, FailureKind::OtherProtocol)[..] else {
        panic!();
    };
    assert!(told.contains("OTEL_EXPORTER_OTLP_PROTOCOL"), "{told}");
}

#[test]
fn unknown_signal_is_a_choice_unless_all_are_unknown() {
    let unknown = FailureKind::NoSuchService;
    let backend = collector();
    delivered(&backend, Signal::Traces);
    failed(&backend, Signal::Logs, unknown);
    assert_eq!(lost(&backend, Signal::Logs, 3, unknown).len(), 1);
    assert!(backend.losses(Signal::Logs).is_none());

    let nobody = collector();
    for signal in [Signal::Traces, Signal::Logs] {
        failed(&nobody, signal, unknown);
        let told = lost(&nobody, signal, 3, unknown);
        assert!(
            told[0].contains("is OTEL_EXPORTER_OTLP_ENDPOINT right"),
            "{told:?}"
        );
    }
    let (text, _) = nobody.losses(Signal::Traces).unwrap();
    assert!(
        text.contains("http://collector:4318/v1/traces: no; is OTEL_"),
        "{text}"
    );
    assert!(nobody.losses(Signal::Metrics).is_none());
}

#[test]
fn what_the_receiver_rejects_is_told_once_and_counts_as_lost() {
    let collector = collector();
    for is_first in [true, false] {
        let told = texts(
            collector
                .state()
                .delivered(PLACE, Signal::Traces, 2, "too old"),
        );
        assert_eq!(told.len(), usize::from(is_first), "{told:?}");
    }
    let (text, _) = collector.losses(Signal::Traces).unwrap();
    assert_eq!(
        text,
        "http://collector:4318/v1/traces rejected some: too old, exactly 4 spans lost"
    );
}
