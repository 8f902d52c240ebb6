//! The settings of batch processors, which spans and logs share.
//!
//! The SDK reads these variables too. But it silently ignores values that it cannot parse, and
//! accepts a delay or a queue of zero.

use std::time::Duration;

use crate::environment::Environment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) delay: Duration,
    /// How long an export may take with all attempts, if a limit is set.
    pub(crate) timeout: Option<Duration>,
    pub(crate) queue: usize,
    pub(crate) size: usize,
    /// The length of a pause after which the first items are exported early. `None` if the delay
    /// was set explicitly.
    pub(crate) early: Option<Duration>,
    /// The name of the setting for the size of the queue.
    pub(crate) setting: &'static str,
}

impl Batch {
    /// The defaults for spans.
    pub(crate) const SPANS: Self = Self {
        delay: SPANS_DELAY,
        timeout: None,
        queue: QUEUE as usize,
        size: SIZE as usize,
        early: Some(SPANS_DELAY),
        setting: "OTEL_BSP_MAX_QUEUE_SIZE",
    };

    /// The defaults for log records.
    pub(crate) const LOGS: Self = Self {
        delay: Duration::from_secs(1),
        early: None,
        setting: "OTEL_BLRP_MAX_QUEUE_SIZE",
        ..Self::SPANS
    };

    /// `OTEL_BSP_*`
    pub(crate) fn of_spans(environment: &Environment) -> Self {
        let is_said = environment.text("OTEL_BSP_SCHEDULE_DELAY").is_some();
        Self {
            early: (!is_said).then_some(SPANS_DELAY),
            ..Self::read(environment, "OTEL_BSP", Self::SPANS)
        }
    }

    /// `OTEL_BLRP_*`
    pub(crate) fn of_logs(environment: &Environment) -> Self {
        Self::read(environment, "OTEL_BLRP", Self::LOGS)
    }

    fn read(environment: &Environment, prefix: &str, defaults: Self) -> Self {
        let name = |setting: &str| format!("{prefix}_{setting}");
        let queue = environment.number(&name("MAX_QUEUE_SIZE"), 1, QUEUE);
        let size = environment.number(&name("MAX_EXPORT_BATCH_SIZE"), 1, SIZE.min(queue));
        if size > queue {
            environment.reject(
                &name("MAX_EXPORT_BATCH_SIZE"),
                &size.to_string(),
                &format!("more than {}", name("MAX_QUEUE_SIZE")),
                queue,
            );
        }
        Self {
            delay: environment.interval(&name("SCHEDULE_DELAY"), defaults.delay),
            timeout: environment.optional_timeout(&[name("EXPORT_TIMEOUT")], "no limit of its own"),
            queue: queue as usize,
            size: size.min(queue) as usize,
            ..defaults
        }
    }
}

const SPANS_DELAY: Duration = Duration::from_secs(5);
const QUEUE: u32 = 2_048;
const SIZE: u32 = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;
    use crate::environment::tests::said;

    #[test]
    fn defaults_are_those_of_the_specification() {
        let environment = environment(&[]);
        assert_eq!(Batch::of_spans(&environment), Batch::SPANS);
        assert_eq!(Batch::of_logs(&environment), Batch::LOGS);
        for (batch, delay) in [(Batch::SPANS, 5_000), (Batch::LOGS, 1_000)] {
            assert_eq!(batch.delay, Duration::from_millis(delay));
            assert_eq!((batch.queue, batch.size), (2_048, 512));
        }
    }

    #[test]
    fn nothing_is_exported_earlier_than_somebody_has_said() {
        for (delay, expected) in [("", Some(SPANS_DELAY)), ("5000", None)] {
            let environment = environment(&[("OTEL_BSP_SCHEDULE_DELAY", delay)]);
            assert_eq!(Batch::of_spans(&environment).early, expected);
        }
    }

    #[test]
    fn batch_never_exceeds_the_queue() {
        let cases: [(&str, &str, usize, &[&str]); 3] = [
            ("100", "", 100, &[]),
            ("100", "50", 50, &[]),
            (
                "100",
                "200",
                100,
                &["OTEL_BSP_MAX_EXPORT_BATCH_SIZE=\"200\" is more than \
                   OTEL_BSP_MAX_QUEUE_SIZE; using 100"],
            ),
        ];
        for (queue, size, expected, warnings) in cases {
            let environment = environment(&[
                ("OTEL_BSP_MAX_QUEUE_SIZE", queue),
                ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", size),
            ]);
            assert_eq!(Batch::of_spans(&environment).size, expected);
            assert_eq!(said(environment), warnings);
        }
    }
}
