//! The reports that only operations on messages have.

use std::ops::{Deref, DerefMut};

use super::lifecycle::Operation;
use crate::outcome::Outcome;

/// An [`Operation`] of the messaging conventions: sending a message, or receiving, processing or
/// settling messages.
///
/// If a send is dropped before it is [finished](Self::finish), that is not an error: its caller
/// gave it up. If processing is dropped, that is the error `cancelled`.
#[derive(Debug, Default)]
#[must_use = "an operation that is dropped counts as cancelled"]
pub struct MessageOperation(Operation);

impl MessageOperation {
    pub(crate) fn new(operation: Operation) -> Self {
        Self(operation)
    }

    /// Records the partition of the message, unless the [facts](crate::Message) had it.
    pub fn record_partition(&mut self, partition: i32) {
        if let Some((recording, _)) = self.0.recording()
            && let Outcome::Messaging(messaging) = &mut recording.outcome
        {
            messaging.deliver(partition);
        }
    }

    /// Records the offset that Kafka gave the message, unless the [facts](crate::Message) had it.
    /// Other systems have no offsets.
    pub fn record_offset(&mut self, offset: i64) {
        if let Some((recording, _)) = self.0.recording()
            && let Outcome::Messaging(messaging) = &mut recording.outcome
        {
            messaging.record_offset(offset);
        }
    }

    /// Ends the operation.
    pub fn finish(self) {
        self.0.finish();
    }
}

impl Deref for MessageOperation {
    type Target = Operation;

    fn deref(&self) -> &Operation {
        &self.0
    }
}

impl DerefMut for MessageOperation {
    fn deref_mut(&mut self) -> &mut Operation {
        &mut self.0
    }
}

impl AsRef<Operation> for MessageOperation {
    fn as_ref(&self) -> &Operation {
        &self.0
    }
}
