//! The measured work.

use std::hint::black_box;

use clap::ValueEnum;
use tracing::{info, info_span};

/// One operation of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// A span with one number, entered once.
    OneField,
    /// A span with one text.
    OneText,
    /// A span with a number, a text and a flag.
    ThreeFields,
    /// A span with one number that is entered ten times, as a future is polled.
    TenPolls,
    /// An event with a text, in a span.
    Event,
    /// An event in no `tracing` span.
    BareEvent,
    /// `Span::current()` in no `tracing` span.
    Current,
}

impl Work {
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Repeats the work.
    pub fn repeat(self, times: u32) {
        match self {
            Self::Event => {
                let _entered = info_span!("work", id = black_box(7)).entered();
                (0..times).for_each(|_| event());
            }
            _ => (0..times).for_each(|_| self.once()),
        }
    }

    fn once(self) {
        match self {
            Self::OneField => info_span!("work", id = black_box(7)).in_scope(|| black_box(())),
            Self::OneText => {
                info_span!("work", plan = black_box("free")).in_scope(|| black_box(()));
            }
            Self::ThreeFields => {
                let (id, plan, is_new) = black_box((7, "free", true));
                info_span!("work", id, plan, is_new).in_scope(|| black_box(()));
            }
            Self::TenPolls => {
                let span = info_span!("work", id = black_box(7));
                (0..10).for_each(|_| span.in_scope(|| black_box(())));
            }
            Self::Event | Self::BareEvent => event(),
            Self::Current => drop(black_box(tracing::Span::current())),
        }
    }
}

fn event() {
    info!(plan = black_box("free"), "looked up");
}
