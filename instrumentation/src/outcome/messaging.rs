//! How the operations on messages end (`docs/messaging/messaging-spans.md`,
//! `docs/messaging/messaging-metrics.md`).

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};

use super::ending::{Ending, Side};
use super::error_type::{CANCELLED, PANIC};
use crate::reuse::intern;
use crate::semconv;

/// What an operation on messages learns by its end.
#[derive(Debug)]
pub(crate) struct MessagingOutcome {
    side: Side,
    /// `messaging.operation.type`, a label only of the duration of a client's operation.
    labelled_type: Option<&'static str>,
    messages: Messages,
    partition: Option<Cow<'static, str>>,
    /// True if the span does not have the partition yet.
    is_late: bool,
    /// True if an offset is recorded: the system has offsets, and the span has none yet.
    takes_offset: bool,
    offset: Option<i64>,
}

/// How an operation counts its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Messages {
    /// They are counted here.
    Counted(u64),
    /// They are counted elsewhere.
    Uncounted,
}

impl MessagingOutcome {
    /// `partition` is the one that the span already has.
    pub(crate) fn new(
        side: Side,
        labelled_type: Option<&'static str>,
        messages: Messages,
        partition: Option<Cow<'static, str>>,
        takes_offset: bool,
    ) -> Self {
        Self {
            side,
            labelled_type,
            messages,
            partition,
            is_late: false,
            takes_offset,
            offset: None,
        }
    }

    /// Records the partition of a message that the broker accepted or would have accepted.
    pub(crate) fn deliver(&mut self, partition: i32) {
        if self.partition.is_none() {
            self.partition = Some(intern::number(partition));
            self.is_late = true;
        }
    }

    pub(crate) fn record_offset(&mut self, offset: i64) {
        self.offset = self.takes_offset.then_some(offset);
    }

    pub(crate) fn counted(&self) -> Option<u64> {
        match self.messages {
            Messages::Counted(count) => Some(count),
            Messages::Uncounted => None,
        }
    }

    /// Processing that is dropped was left undone, which is an error. A send that is dropped was
    /// given up on purpose, which is not.
    pub(super) fn error_type(&self, ending: Ending) -> Option<&'static str> {
        match (ending, self.side) {
            (Ending::Panicked, _) => Some(PANIC),
            (Ending::Dropped, Side::Server) => Some(CANCELLED),
            (Ending::Dropped, Side::Client) | (Ending::Finished, _) => None,
        }
    }

    pub(super) fn label(&self, error_type: Option<StringValue>, labels: &mut Vec<KeyValue>) {
        if let Some(partition) = &self.partition {
            let key = semconv::MESSAGING_DESTINATION_PARTITION_ID;
            labels.push(KeyValue::new(key, partition.clone()));
        }
        if let Some(error_type) = error_type {
            labels.push(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
    }

    /// Adds the labels that counters do not have.
    pub(crate) fn label_duration(&self, labels: &mut Vec<KeyValue>) {
        if let Some(kind) = self.labelled_type {
            labels.push(KeyValue::new(semconv::MESSAGING_OPERATION_TYPE, kind));
        }
    }

    pub(super) fn describe(&mut self, set: impl Fn(KeyValue)) {
        if let Some(partition) = self.partition.take().filter(|_| self.is_late) {
            let key = semconv::MESSAGING_DESTINATION_PARTITION_ID;
            set(KeyValue::new(key, partition));
        }
        if let Some(offset) = self.offset {
            set(KeyValue::new(semconv::KAFKA_OFFSET, offset));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ending::{Dropped, Finished, Panicked};
    use Side::{Client, Server};

    #[test]
    fn only_work_that_is_left_undone_is_an_error_by_itself() {
        let cases = [
            (Server, Finished, None),
            (Server, Dropped, Some("cancelled")),
            (Server, Panicked, Some("panic")),
            (Client, Finished, None),
            (Client, Dropped, None),
            (Client, Panicked, Some("panic")),
        ];
        for (side, ending, expected) in cases {
            let outcome = MessagingOutcome::new(side, None, Messages::Uncounted, None, true);
            assert_eq!(outcome.error_type(ending), expected, "{side:?} {ending:?}");
        }
    }

    #[test]
    fn a_partition_is_described_once() {
        let described = |mut outcome: MessagingOutcome| {
            outcome.deliver(7);
            let mut labels = Vec::new();
            outcome.label(None, &mut labels);
            let set = std::cell::RefCell::new(Vec::new());
            outcome.describe(|attribute| set.borrow_mut().push(attribute));
            (labels, set.into_inner())
        };
        let new =
            |partition| MessagingOutcome::new(Client, None, Messages::Uncounted, partition, true);
        let partition = |id: &'static str| {
            vec![KeyValue::new(
                semconv::MESSAGING_DESTINATION_PARTITION_ID,
                id,
            )]
        };
        assert_eq!(described(new(None)), (partition("7"), partition("7")));
        let known = new(Some(Cow::Borrowed("3")));
        assert_eq!(described(known), (partition("3"), Vec::new()));
    }
}
