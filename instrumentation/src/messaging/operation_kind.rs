//! One of the operations of a client: its name, its instruments, and its start.

use std::borrow::Cow;
use std::str;
use std::sync::Arc;

use opentelemetry::trace::SpanBuilder;
use opentelemetry::{InstrumentationScope, KeyValue};

use super::identity::Identity;
use crate::config::{Attributes, Common, MessagingConfig, MessagingOptions};
use crate::facts::Message;
use crate::operation::{Convention, Instrumentation, MessageOperation, Origin, Route, Start};
use crate::outcome::{Messages, MessagingOutcome, Outcome};
use crate::reuse::{intern, label_list};
use crate::semconv;

/// A convention, with the messaging system's name for it.
#[derive(Debug)]
pub(super) struct OperationKind {
    pub(super) instrumentation: Arc<Instrumentation>,
    /// `messaging.operation.type`, which is the same for all systems.
    operation_type: &'static str,
    name: Cow<'static, str>,
}

/// The messages of an operation.
pub(super) struct Subject<'a> {
    /// The facts that all messages share.
    pub(super) common: Message<'a>,
    /// The message that hooks get: the first one.
    pub(super) shown: Message<'a>,
    /// The number of messages, if the API is one for batches.
    pub(super) batch: Option<u64>,
    pub(super) messages: Messages,
}

impl<'a> Subject<'a> {
    pub(super) fn one(message: &Message<'a>, messages: Messages) -> Self {
        Self {
            common: *message,
            shown: *message,
            batch: None,
            messages,
        }
    }
}

impl OperationKind {
    pub(super) fn new(
        (convention, operation_type): (Convention, &'static str),
        name: Cow<'static, str>,
        scope: InstrumentationScope,
        config: &MessagingConfig,
    ) -> Self {
        let common = Common {
            providers: config.providers.clone(),
            baggage_limit: config.baggage_limit,
            ..Common::default()
        };
        Self {
            instrumentation: Instrumentation::new(convention, scope, common),
            operation_type,
            name,
        }
    }

    /// True if the filter of the configuration accepts the message.
    pub(super) fn accepts(options: &MessagingOptions, message: &Message<'_>) -> bool {
        let filter = options.filter.as_ref();
        filter.is_none_or(|accepts| accepts(message))
    }

    pub(super) fn begin(
        &self,
        identity: &Identity,
        options: &MessagingOptions,
        origin: Origin,
        subject: &Subject<'_>,
        builder: SpanBuilder,
    ) -> MessageOperation {
        let instrumentation = &self.instrumentation;
        let measures = instrumentation.measures();
        let mut labels = Vec::new();
        if measures {
            labels = label_list::list();
            self.label(identity, &subject.common, &mut labels);
        }
        let mut span = Vec::new();
        if origin.may_have_span() {
            span = Vec::with_capacity(ATTRIBUTES);
            self.describe(identity, options, subject, &mut span);
        }

        let mut attributes = Attributes::new(span, labels);
        if let Some(hook) = &options.attributes {
            let _current = origin.context().clone().attach();
            hook(&subject.shown, &mut attributes);
        }
        let custom = options.span_name.as_ref();
        let custom = custom.and_then(|hook| hook(&self.name, &subject.shown));
        let outcome = MessagingOutcome::new(
            instrumentation.convention.side(),
            (instrumentation.convention != Convention::Process).then_some(self.operation_type),
            subject.messages,
            subject.common.partition.map(intern::number),
            identity.is_kafka && subject.common.offset.is_none(),
        );
        let start = Start {
            origin,
            name: custom.unwrap_or_else(|| self.span_name(identity, &subject.common)),
            word: Cow::Borrowed(""),
            attributes,
            measures,
            route: Route::Unknown,
            outcome: Outcome::Messaging(outcome),
        };
        MessageOperation::new(start.begin_as(instrumentation, builder))
    }

    fn label(&self, identity: &Identity, message: &Message<'_>, labels: &mut Vec<KeyValue>) {
        let name = KeyValue::new(semconv::MESSAGING_OPERATION_NAME, self.name.clone());
        labels.extend([name, identity.system()]);
        if let Some(template) = message.template.filter(|it| !it.is_empty()) {
            let key = semconv::MESSAGING_DESTINATION_TEMPLATE;
            labels.push(KeyValue::new(key, intern::route(template)));
        } else if let Some(destination) = message.target() {
            let key = semconv::MESSAGING_DESTINATION_NAME;
            labels.push(KeyValue::new(key, intern::route(destination)));
        }
        identity.describe(labels);
    }

    fn describe(
        &self,
        identity: &Identity,
        options: &MessagingOptions,
        subject: &Subject<'_>,
        span: &mut Vec<KeyValue>,
    ) {
        let message = &subject.common;
        span.extend([
            KeyValue::new(semconv::MESSAGING_OPERATION_NAME, self.name.clone()),
            KeyValue::new(semconv::MESSAGING_OPERATION_TYPE, self.operation_type),
            identity.system(),
        ]);
        describe_destination(message, span);
        describe_partition(message, span);
        identity.describe(span);
        identity.describe_client(span);
        if let Some(count) = subject.batch {
            let key = semconv::MESSAGING_BATCH_MESSAGE_COUNT;
            span.push(KeyValue::new(key, signed(count)));
        }
        describe_message(identity, options, message, span);
    }

    fn span_name(&self, identity: &Identity, message: &Message<'_>) -> Cow<'static, str> {
        if let Some(target) = message.target() {
            return intern::name(&self.name, target).0;
        }
        // If the destination must not be named, the broker does not replace it.
        let target = identity.target().filter(|_| message.destination.is_empty());
        match target {
            Some(target) => intern::name(&self.name, &target).0,
            None => self.name.clone(),
        }
    }
}

/// Appends the attributes of the destination: to a span, or to a link if messages differ in it.
pub(super) fn describe_destination(message: &Message<'_>, attributes: &mut Vec<KeyValue>) {
    if !message.destination.is_empty() {
        let key = semconv::MESSAGING_DESTINATION_NAME;
        let destination = match message.is_temporary {
            true => Cow::Owned(message.destination.to_owned()),
            false => intern::route(message.destination),
        };
        attributes.push(KeyValue::new(key, destination));
    }
    if let Some(template) = message.template.filter(|it| !it.is_empty()) {
        let key = semconv::MESSAGING_DESTINATION_TEMPLATE;
        attributes.push(KeyValue::new(key, intern::route(template)));
    }
    if message.is_temporary {
        let key = semconv::MESSAGING_DESTINATION_TEMPORARY;
        attributes.push(KeyValue::new(key, true));
    }
}

pub(super) fn describe_partition(message: &Message<'_>, attributes: &mut Vec<KeyValue>) {
    if let Some(partition) = message.partition {
        let key = semconv::MESSAGING_DESTINATION_PARTITION_ID;
        attributes.push(KeyValue::new(key, intern::number(partition)));
    }
}

/// Appends the attributes of a single message.
pub(super) fn describe_message(
    identity: &Identity,
    options: &MessagingOptions,
    message: &Message<'_>,
    attributes: &mut Vec<KeyValue>,
) {
    let mut text = |key, value: Option<&str>| {
        if let Some(value) = value {
            attributes.push(KeyValue::new(key, value.to_owned()));
        }
    };
    text(semconv::MESSAGING_MESSAGE_ID, message.id);
    let key = semconv::MESSAGING_MESSAGE_CONVERSATION_ID;
    text(key, message.conversation_id);
    if identity.is_kafka {
        let key = message.key.filter(|_| options.keys);
        let key = key.and_then(|key| str::from_utf8(key).ok());
        text(semconv::KAFKA_MESSAGE_KEY, key);
        if let Some(offset) = message.offset {
            attributes.push(KeyValue::new(semconv::KAFKA_OFFSET, offset));
        }
        if message.is_tombstone {
            attributes.push(KeyValue::new(semconv::KAFKA_MESSAGE_TOMBSTONE, true));
        }
    }
    if let Some(size) = message.body_size.filter(|_| options.body_sizes) {
        let key = semconv::MESSAGING_MESSAGE_BODY_SIZE;
        attributes.push(KeyValue::new(key, signed(size)));
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Capacity for the usual attributes and those set at the end, so that nothing is moved.
const ATTRIBUTES: usize = 12;
