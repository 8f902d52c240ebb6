//! The settings of batch processors, which spans and logs have in common.
//!
//! The SDK reads these variables too, but takes what it cannot parse for unset without a word,
//! and a delay or a queue of zero at its word.

use std::time::Duration;

use crate::environment::Environment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) delay: Duration,
    /// How long an export may take with all attempts, if that is said.
    pub(crate) timeout: Option<Duration>,
    pub(crate) queue: usize,
    pub(crate) size: usize,
}

impl Batch {
    /// `OTEL_BSP_*`
    pub(crate) fn of_spans(environment: &Environment) -> Self {
        Self::read(environment, "OTEL_BSP", SPANS_DELAY)
    }

    /// How long a pause is after which spans are exported early; `None` if somebody has said how long
    /// they have to wait.
    pub(crate) fn early(environment: &Environment) -> Option<Duration> {
        let is_said = environment.text("OTEL_BSP_SCHEDULE_DELAY").is_some();
        (!is_said).then_some(SPANS_DELAY)
    }

    /// `OTEL_BLRP_*`
    pub(crate) fn of_logs(environment: &Environment) -> Self {
        Self::read(environment, "OTEL_BLRP", Duration::from_secs(1))
    }

    fn read(environment: &Environment, prefix: &str, delay: Duration) -> Self {
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
            delay: environment.interval(&name("SCHEDULE_DELAY"), delay),
            timeout: environment.optional_timeout(&[name("EXPORT_TIMEOUT")], "no limit of its own"),
            queue: queue as usize,
            size: size.min(queue) as usize,
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
        let spans = Batch {
            delay: Duration::from_millis(5_000),
            timeout: None,
            queue: 2_048,
            size: 512,
        };
        assert_eq!(Batch::of_spans(&environment), spans);
        let logs = Batch {
            delay: Duration::from_millis(1_000),
            ..spans
        };
        assert_eq!(Batch::of_logs(&environment), logs);
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
