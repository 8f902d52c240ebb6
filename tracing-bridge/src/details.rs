//! Attributes of spans that are not fields, and that have to be enabled.

use std::thread;

use opentelemetry::KeyValue;
use tracing::Metadata;

use crate::source;
use crate::value::with_text;

/// The enabled attributes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Details {
    pub(crate) location: bool,
    pub(crate) target: bool,
    pub(crate) threads: bool,
    pub(crate) activity: bool,
}

impl Details {
    /// The number of attributes at the start.
    pub(crate) fn len(self) -> usize {
        2 * usize::from(self.location) + usize::from(self.target) + 2 * usize::from(self.threads)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub(crate) fn add(self, metadata: &'static Metadata<'static>, attributes: &mut Vec<KeyValue>) {
        if self.location {
            let file = metadata.file().map(source::path);
            attributes.extend(file.map(|file| KeyValue::new(CODE_FILE_PATH, file)));
            let line = metadata.line().map(i64::from);
            attributes.extend(line.map(|line| KeyValue::new(CODE_LINE_NUMBER, line)));
        }
        if self.target {
            attributes.push(KeyValue::new("target", metadata.target()));
        }
        if self.threads {
            let thread = thread::current();
            // There is no other way to get the number.
            let id = with_text(&thread.id(), |text| {
                let digits = text.trim_matches(|it: char| !it.is_ascii_digit());
                digits.parse::<i64>().ok()
            });
            attributes.extend(id.map(|id| KeyValue::new("thread.id", id)));
            let name = thread.name().map(str::to_owned);
            attributes.extend(name.map(|name| KeyValue::new("thread.name", name)));
        }
    }
}

pub(crate) const CODE_FILE_PATH: &str = "code.file.path";
pub(crate) const CODE_LINE_NUMBER: &str = "code.line.number";
