//! How much was lost, and whether that is certain.

use std::ops::AddAssign;

use crate::signal::Signal;

/// Spans, log records or data points that were not delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    certain: u64,
    /// Items that may have arrived nevertheless: after a timeout, for example.
    uncertain: u64,
}

impl Loss {
    pub(crate) fn of(items: u64, is_certain: bool) -> Self {
        match is_certain {
            true => Self {
                certain: items,
                uncertain: 0,
            },
            false => Self {
                certain: 0,
                uncertain: items,
            },
        }
    }

    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// `exactly 12 spans lost`
    pub(crate) fn in_words(self, signal: Signal) -> String {
        let Self { certain, uncertain } = self;
        let unit = match certain + uncertain {
            1 => signal.unit().trim_end_matches('s'),
            _ => signal.unit(),
        };
        match (certain, uncertain) {
            (0, 0) => "nothing lost".to_owned(),
            (certain, 0) => format!("exactly {certain} {unit} lost"),
            (0, uncertain) => format!("up to {uncertain} {unit} lost"),
            (certain, uncertain) => {
                format!("{certain} to {} {unit} lost", certain + uncertain)
            }
        }
    }
}

impl AddAssign for Loss {
    fn add_assign(&mut self, other: Self) {
        self.certain += other.certain;
        self.uncertain += other.uncertain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_how_sure_it_is() {
        let mut loss = Loss::default();
        assert_eq!(loss.in_words(Signal::Traces), "nothing lost");
        loss += Loss::of(3, false);
        assert_eq!(loss.in_words(Signal::Logs), "up to 3 records lost");
        assert_eq!(
            Loss::of(1, true).in_words(Signal::Metrics),
            "exactly 1 data point lost"
        );
        assert_eq!(
            Loss::of(2, true).in_words(Signal::Traces),
            "exactly 2 spans lost"
        );
        loss += Loss::of(2, true);
        assert_eq!(loss.in_words(Signal::Metrics), "2 to 5 data points lost");
    }
}
