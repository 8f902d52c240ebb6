//! The facts that a client of a broker supplies about one message.

use std::fmt;

/// What a client of a broker knows about a message that it sends or has received.
///
/// A client sets what it knows and leaves out the rest. The headers are passed separately, because
/// the context is read from them and written to them.
///
/// ```
/// use otel_instrumentation::Message;
///
/// let message = Message::new("orders").partition(3).key(b"42".as_slice());
/// assert_eq!(message.destination, "orders");
/// assert_eq!(message.offset, None);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Message<'a> {
    /// The topic, queue or subject.
    pub destination: &'a str,
    /// The template that the destination was made from, such as `customer.{id}`. It replaces the
    /// destination in the span's name and in labels, which allow only a few different values.
    pub template: Option<&'a str>,
    /// True if the destination is temporary and has a generated name, such as a queue for replies.
    /// Its name is then neither in the span's name nor in a label.
    pub is_temporary: bool,
    /// The partition, if it is known.
    pub partition: Option<i32>,
    /// The offset within the partition, if it is known.
    pub offset: Option<i64>,
    /// The key; recorded only if it is UTF-8.
    pub key: Option<&'a [u8]>,
    /// True if the message has no value and so deletes earlier messages with the same key.
    pub is_tombstone: bool,
    /// The id that the broker or the sender gave the message.
    pub id: Option<&'a str>,
    /// The id of the conversation that the message belongs to, or its correlation id.
    pub conversation_id: Option<&'a str>,
    /// How many bytes the value has.
    pub body_size: Option<u64>,
}

impl<'a> Message<'a> {
    /// Creates a message with the facts that every message has. Everything else is absent by
    /// default.
    #[must_use]
    pub fn new(destination: &'a str) -> Self {
        Self {
            destination,
            template: None,
            is_temporary: false,
            partition: None,
            offset: None,
            key: None,
            is_tombstone: false,
            id: None,
            conversation_id: None,
            body_size: None,
        }
    }

    /// Sets [`template`](struct@Self#structfield.template).
    #[must_use]
    pub fn template(mut self, template: impl Into<Option<&'a str>>) -> Self {
        self.template = template.into();
        self
    }

    /// Sets [`is_temporary`](struct@Self#structfield.is_temporary).
    #[must_use]
    pub fn is_temporary(mut self, is_temporary: bool) -> Self {
        self.is_temporary = is_temporary;
        self
    }

    /// Sets [`partition`](struct@Self#structfield.partition).
    #[must_use]
    pub fn partition(mut self, partition: impl Into<Option<i32>>) -> Self {
        self.partition = partition.into();
        self
    }

    /// Sets [`offset`](struct@Self#structfield.offset).
    #[must_use]
    pub fn offset(mut self, offset: impl Into<Option<i64>>) -> Self {
        self.offset = offset.into();
        self
    }

    /// Sets [`key`](struct@Self#structfield.key).
    #[must_use]
    pub fn key(mut self, key: impl Into<Option<&'a [u8]>>) -> Self {
        self.key = key.into();
        self
    }

    /// Sets [`is_tombstone`](struct@Self#structfield.is_tombstone).
    #[must_use]
    pub fn is_tombstone(mut self, is_tombstone: bool) -> Self {
        self.is_tombstone = is_tombstone;
        self
    }

    /// Sets [`id`](struct@Self#structfield.id).
    #[must_use]
    pub fn id(mut self, id: impl Into<Option<&'a str>>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets [`conversation_id`](struct@Self#structfield.conversation_id).
    #[must_use]
    pub fn conversation_id(mut self, conversation_id: impl Into<Option<&'a str>>) -> Self {
        self.conversation_id = conversation_id.into();
        self
    }

    /// Sets [`body_size`](struct@Self#structfield.body_size).
    #[must_use]
    pub fn body_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.body_size = bytes.into();
        self
    }

    /// The name of the destination for places that allow only a few different values.
    pub(crate) fn target(&self) -> Option<&'a str> {
        let name = (!self.is_temporary).then_some(self.destination);
        let known = |text: &&str| !text.is_empty();
        self.template.filter(known).or(name.filter(known))
    }
}

impl fmt::Debug for Message<'_> {
    /// Leaves out the key, which may identify a person.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("destination", &self.destination)
            .field("template", &self.template)
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("is_tombstone", &self.is_tombstone)
            .finish_non_exhaustive()
    }
}
