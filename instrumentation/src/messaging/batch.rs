//! Several messages at once: the facts that all of them share, and those that differ.

use opentelemetry::trace::{Link, SpanContext};
use otel_propagation::MessageHeaders;

use super::creation_context::{creation_context, link};
use super::identity::Identity;
use super::operation_kind::{Subject, describe_destination, describe_message, describe_partition};
use crate::config::MessagingOptions;
use crate::facts::Message;
use crate::outcome::Messages;
use crate::providers::Providers;

/// Messages that an API returns or processes together.
pub(super) struct Batch<'a> {
    created: Vec<(SpanContext, Message<'a>)>,
    count: u64,
    first: Option<Message<'a>>,
    has_one_destination: bool,
    has_one_partition: bool,
    are_tombstones: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn of<'h, H: MessageHeaders + 'h>(
        providers: &Providers,
        messages: impl IntoIterator<Item = (Message<'a>, &'h H)>,
    ) -> Self {
        let mut batch = Self {
            created: Vec::new(),
            count: 0,
            first: None,
            has_one_destination: true,
            has_one_partition: true,
            are_tombstones: true,
        };
        for (message, headers) in messages {
            batch.add(message);
            if let Some(created) = creation_context(providers, headers) {
                batch.created.push((created, message));
            }
        }
        batch
    }

    fn add(&mut self, message: Message<'a>) {
        self.count += 1;
        self.are_tombstones &= message.is_tombstone;
        let first = self.first.get_or_insert(message);
        let destination = |it: &Message<'a>| (it.destination, it.template);
        self.has_one_destination &= destination(first) == destination(&message);
        self.has_one_partition &= first.partition == message.partition;
    }

    /// Partitions of different topics are different, even with the same number.
    fn has_common_partition(&self) -> bool {
        self.has_one_destination && self.has_one_partition
    }

    pub(super) fn subject(&self, messages: impl FnOnce(u64) -> Messages) -> Subject<'a> {
        let first = self.first.unwrap_or_else(|| Message::new(""));
        let common = match self.has_one_destination {
            true => Message::new(first.destination)
                .template(first.template)
                .is_temporary(first.is_temporary),
            false => Message::new(""),
        };
        let partition = first.partition.filter(|_| self.has_common_partition());
        Subject {
            common: common
                .partition(partition)
                .is_tombstone(self.are_tombstones && self.count > 0),
            shown: first,
            batch: Some(self.count),
            messages: messages(self.count),
        }
    }

    /// A link to each creation context, with the attributes that not all messages share.
    pub(super) fn links(self, identity: &Identity, options: &MessagingOptions) -> Vec<Link> {
        let has_common_partition = self.has_common_partition();
        let Self {
            created,
            has_one_destination,
            are_tombstones,
            ..
        } = self;
        let links = created.into_iter().map(|(created, message)| {
            let mut attributes = Vec::new();
            if !has_one_destination {
                describe_destination(&message, &mut attributes);
            }
            if !has_common_partition {
                describe_partition(&message, &mut attributes);
            }
            let own = message.is_tombstone(message.is_tombstone && !are_tombstones);
            describe_message(identity, options, &own, &mut attributes);
            link(created, attributes)
        });
        links.collect()
    }
}
