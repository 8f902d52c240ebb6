//! Messages through the public API: whole attribute sets, one span and one point.

#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::baggage::BaggageExt;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_instrumentation::{
    ConsumerInstrumentation, Continue, CreationContext, Message, MessagingConfig, MessagingSystem,
    ProducerInstrumentation, Providers, instrumentation_scope,
};
use otel_propagation::{BaggagePropagator, CompositePropagator, MessageHeaders, MessageInjector};

#[test]
fn a_send_is_one_span_and_one_point() {
    let capture = Capture::new();
    let producer = producer(&capture, MessagingConfig::new().client_id("billing-1"));
    let mut headers = headers(&[("user", "1")]);
    let message = Message::new("orders").key(b"42".as_slice());
    let mut operation = producer.send(&message, &headers);
    operation.inject(&mut MessageInjector(&mut headers));
    operation.record_partition(3);
    operation.record_offset(17);
    operation.finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "send orders");
    assert_eq!(span.span_kind, SpanKind::Producer);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert_eq!(
        by_name(&span.attributes),
        [
            text("kafka.message.key", "42"),
            number("kafka.offset", 17),
            text("messaging.client.id", "billing-1"),
            text("messaging.destination.name", "orders"),
            text("messaging.destination.partition.id", "3"),
            text("messaging.operation.name", "send"),
            text("messaging.operation.type", "send"),
            text("messaging.system.name", "kafka"),
            text("server.address", "kafka.internal"),
            number("server.port", 9092),
        ]
    );
    let labels = [
        text("messaging.destination.name", "orders"),
        text("messaging.destination.partition.id", "3"),
        text("messaging.operation.name", "send"),
        text("messaging.system.name", "kafka"),
        text("server.address", "kafka.internal"),
        number("server.port", 9092),
    ];
    let point = only(capture.points(DURATION));
    let mut of_duration = labels.to_vec();
    of_duration.insert(3, text("messaging.operation.type", "send"));
    assert_eq!(point.labels.into_iter().collect::<Vec<_>>(), of_duration);
    assert_eq!(point.count, 1);
    let elapsed = span.end_time.duration_since(span.start_time).unwrap();
    assert_eq!(point.sum, elapsed.as_secs_f64());
    assert_eq!(point.bounds, BUCKETS);
    let sent = only(capture.points(SENT));
    assert_eq!(sent.labels.into_iter().collect::<Vec<_>>(), labels);
    assert_eq!(sent.sum, 1.0);
    let expected = [pair("user", "1"), traceparent(&span.span_context)];
    assert_eq!(headers, expected);
}

#[test]
fn metrics_are_described_as_the_conventions_do() {
    let capture = Capture::new();
    let (producer, consumer) = both(&capture, MessagingConfig::new());
    producer.send(&Message::new("a"), &headers(&[])).finish();
    consumer.process(&Message::new("a"), &headers(&[])).finish();
    let cases = [
        (
            DURATION,
            "Duration of messaging operation initiated by a producer or consumer client.",
            "s",
        ),
        (
            SENT,
            "Number of messages producer attempted to send to the broker.",
            "{message}",
        ),
        (
            CONSUMED,
            "Number of messages that were delivered to the application.",
            "{message}",
        ),
        (PROCESS, "Duration of processing operation.", "s"),
    ];
    for (name, description, unit) in cases {
        let expected = Some((description.to_owned(), unit.to_owned()));
        assert_eq!(capture.description_and_unit(name), expected, "{name}");
    }
    assert_eq!(capture.metric_names().len(), cases.len());
}

#[test]
fn a_send_that_fails_says_why_everywhere() {
    let capture = Capture::new();
    let producer = producer(&capture, MessagingConfig::new());
    let mut operation = producer.send(&Message::new("orders"), &headers(&[]));
    operation.fail("_MSG_TIMED_OUT", "Local: Message timed out");
    operation.finish();

    let span = only(capture.spans());
    assert_eq!(span.status, Status::error("Local: Message timed out"));
    assert_eq!(value(&span, "error.type"), Some("_MSG_TIMED_OUT".into()));
    for metric in [DURATION, SENT] {
        let point = only(capture.points(metric));
        assert_eq!(point.labels["error.type"], Value::from("_MSG_TIMED_OUT"));
    }
}

#[test]
fn a_send_that_its_caller_gives_up_is_no_error() {
    let capture = Capture::new();
    let producer = producer(&capture, MessagingConfig::new());
    drop(producer.send(&Message::new("orders"), &headers(&[])));
    let span = only(capture.spans());
    assert_eq!(span.status, Status::Unset);
    assert_eq!(value(&span, "error.type"), None);
}

#[test]
fn a_creation_context_stays_or_is_replaced() {
    let created = remote(7);
    let cases = [
        (CreationContext::Keep, SpanKind::Client),
        (CreationContext::Replace, SpanKind::Producer),
    ];
    for (creation_context, kind) in cases {
        let capture = Capture::new();
        let config = MessagingConfig::new().creation_context(creation_context);
        let producer = producer(&capture, config);
        let before = vec![traceparent(&created), pair("user", "1")];
        let mut headers = before.clone();
        let operation = producer.send(&Message::new("orders"), &headers);
        operation.inject(&mut MessageInjector(&mut headers));
        operation.finish();

        let span = only(capture.spans());
        assert_eq!(span.span_kind, kind, "{creation_context:?}");
        assert_eq!(links(&span), [created.span_id()]);
        let after = match creation_context {
            CreationContext::Replace => vec![pair("user", "1"), traceparent(&span.span_context)],
            _ => before,
        };
        assert_eq!(headers, after, "{creation_context:?}");
    }
}

#[test]
fn a_send_whose_context_stays_is_a_clients() {
    // KA-07, KA-16
    let capture = Capture::new();
    let providers = || capture.providers();
    let configs = [
        MessagingConfig::new()
            .propagate_to(|message| message.destination != "orders")
            .providers(providers()),
        MessagingConfig::new().providers(providers().with_propagator(BaggagePropagator::new())),
        MessagingConfig::new()
            .providers(providers().with_propagator(CompositePropagator::new(Vec::new()))),
    ];
    for config in configs {
        let producer = ProducerInstrumentation::new(scope(), config);
        let mut headers = headers(&[]);
        let operation = producer.send(&Message::new("orders"), &headers);
        operation.inject(&mut MessageInjector(&mut headers));
        operation.finish();
        assert_eq!(headers, []);
    }
    let kinds: Vec<_> = capture.spans().into_iter().map(|it| it.span_kind).collect();
    assert_eq!(kinds, [const { SpanKind::Client }; 3]);
}

#[test]
fn only_the_baggage_that_may_goes_out() {
    let capture = Capture::new();
    let config = MessagingConfig::new().propagate_baggage(|_, name| name == "tenant");
    let producer = producer(&capture, config);
    let entries = [("tenant", "acme"), ("secret", "1")];
    let entries = entries.map(|(key, value)| KeyValue::new(key, value));
    let mut headers = headers(&[]);
    {
        let _attached = Context::new().with_baggage(entries).attach();
        let operation = producer.send(&Message::new("orders"), &headers);
        operation.inject(&mut MessageInjector(&mut headers));
    }
    assert!(headers.contains(&pair("baggage", "tenant=acme")));
}

#[test]
fn work_on_a_message_is_one_span_and_one_point() {
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new().group("billing"));
    let created = remote(7);
    let message = Message::new("orders")
        .partition(0)
        .offset(41)
        .key(b"42".as_slice());
    consumer
        .process(&message, &vec![traceparent(&created)])
        .finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "process orders");
    assert_eq!(span.span_kind, SpanKind::Consumer);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.parent_span_id, created.span_id());
    assert_eq!(span.span_context.trace_id(), created.trace_id());
    assert_eq!(links(&span), []);
    assert_eq!(
        by_name(&span.attributes),
        [
            text("kafka.message.key", "42"),
            number("kafka.offset", 41),
            text("messaging.consumer.group.name", "billing"),
            text("messaging.destination.name", "orders"),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "process"),
            text("messaging.operation.type", "process"),
            text("messaging.system.name", "kafka"),
            text("server.address", "kafka.internal"),
            number("server.port", 9092),
        ]
    );
    let labels = [
        text("messaging.consumer.group.name", "billing"),
        text("messaging.destination.name", "orders"),
        text("messaging.destination.partition.id", "0"),
        text("messaging.operation.name", "process"),
        text("messaging.system.name", "kafka"),
        text("server.address", "kafka.internal"),
        number("server.port", 9092),
    ];
    for metric in [PROCESS, CONSUMED] {
        let point = only(capture.points(metric));
        let found: Vec<_> = point.labels.into_iter().collect();
        assert_eq!(found, labels, "{metric}");
    }
    assert_eq!(only(capture.points(PROCESS)).bounds, BUCKETS);
    assert_eq!(only(capture.points(CONSUMED)).sum, 1.0);
    assert_eq!(capture.points(DURATION), []);
}

#[test]
fn work_is_a_child_or_linked() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Current {
        Nothing,
        Local,
        Remote,
    }
    use Current::{Local, Nothing, Remote};
    let created = remote(7);
    // Whether the parent is the creation context, whether it is the current span, and whether the
    // creation context is linked.
    let cases = [
        (Continue::Child, Nothing, (true, false, false)),
        (Continue::Child, Local, (false, true, true)),
        (Continue::Child, Remote, (true, false, false)),
        (Continue::Link, Nothing, (false, false, true)),
        (Continue::Link, Local, (false, true, true)),
        (Continue::Link, Remote, (false, false, true)),
    ];
    for (continues, current, (is_child, is_local, is_linked)) in cases {
        let case = format!("{continues:?} {current:?}");
        let capture = Capture::new();
        let consumer = consumer(&capture, MessagingConfig::new().continues(continues));
        let tracer = capture.tracer_provider().tracer("test");
        let ambient = match current {
            Nothing => Context::new(),
            Local => Context::new().with_span(tracer.start("local")),
            Remote => Context::new().with_remote_span_context(remote(9)),
        };
        let ambient_id = ambient.span().span_context().span_id();
        let headers = vec![traceparent(&created), pair("baggage", "tenant=acme")];
        {
            let _attached = ambient.attach();
            let operation = consumer.process(&Message::new("orders"), &headers);
            let tenant = operation.context().baggage().get("tenant").cloned();
            assert_eq!(tenant, Some("acme".into()), "{case}");
            operation.finish();
        }
        let spans = capture.spans();
        let span = spans.iter().find(|it| it.name == "process orders").unwrap();
        let parent = span.parent_span_id;
        assert_eq!(parent == created.span_id(), is_child, "{case}");
        assert_eq!(current == Local && parent == ambient_id, is_local, "{case}");
        let is_root = !is_child && !is_local;
        assert_eq!(parent == SpanId::INVALID, is_root, "{case}");
        let linked: &[_] = if is_linked { &[created.span_id()] } else { &[] };
        assert_eq!(links(span), linked, "{case}");
        let continues_trace = span.span_context.trace_id() == created.trace_id();
        assert_eq!(continues_trace, is_child, "{case}");
    }
}

/// KA-07
#[test]
fn a_message_without_context_begins_a_trace() {
    // KA-21
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new());
    let bad = Bytes(&[("traceparent", Some(b"\xff")), ("traceparent", None)]);
    consumer.process(&Message::new("orders"), &bad).finish();
    let span = only(capture.spans());
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert!(span.span_context.is_valid());
    assert_eq!(links(&span), []);
}

#[test]
fn work_that_is_left_undone_is_an_error() {
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new());
    drop(consumer.process(&Message::new("dropped"), &headers(&[])));
    let panicking = catch_unwind(AssertUnwindSafe(|| {
        let _operation = consumer.process(&Message::new("panicked"), &headers(&[]));
        panic!("a test");
    }));
    assert!(panicking.is_err());

    let spans = capture.spans();
    let found: Vec<_> = spans
        .iter()
        .map(|span| (&*span.name, value(span, "error.type").unwrap()))
        .collect();
    let expected = [
        ("process dropped", "cancelled".into()),
        ("process panicked", "panic".into()),
    ];
    assert_eq!(found, expected);
    assert!(spans.iter().all(|span| span.status == Status::error("")));
    let points = capture.points(CONSUMED);
    let mut types: Vec<_> = points
        .iter()
        .map(|it| it.labels["error.type"].to_string())
        .collect();
    types.sort();
    assert_eq!(types, ["cancelled", "panic"]);
}

#[test]
fn messages_are_counted_once() {
    for receives in [false, true] {
        let capture = Capture::new();
        let consumer = consumer(&capture, MessagingConfig::new().receives(receives));
        let created = remote(7);
        let (message, headers) = (Message::new("orders"), vec![traceparent(&created)]);
        consumer.receive(&message, &headers).finish();
        consumer.process(&message, &headers).finish();

        let consumed = only(capture.points(CONSUMED));
        let counted_by = if receives { "poll" } else { "process" };
        assert_eq!(consumed.sum, 1.0);
        let name = &consumed.labels["messaging.operation.name"];
        assert_eq!(name, &Value::from(counted_by));
        let spans = capture.spans();
        assert_eq!(spans.len(), 1 + usize::from(receives));
        // KA-02
        assert!(spans.iter().all(|span| span.parent_span_id
            == match span.span_kind {
                SpanKind::Consumer => created.span_id(),
                _ => SpanId::INVALID,
            }));
    }
}

#[test]
fn receiving_is_one_span_and_one_point() {
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new().receives(true));
    let created = remote(7);
    let message = Message::new("orders")
        .partition(0)
        .offset(41)
        .is_tombstone(true);
    consumer
        .receive(&message, &vec![traceparent(&created)])
        .finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "poll orders");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(links(&span), [created.span_id()]);
    assert_eq!(
        by_name(&span.attributes),
        [
            ("kafka.message.tombstone".to_owned(), Value::from(true)),
            number("kafka.offset", 41),
            text("messaging.destination.name", "orders"),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "poll"),
            text("messaging.operation.type", "receive"),
            text("messaging.system.name", "kafka"),
            text("server.address", "kafka.internal"),
            number("server.port", 9092),
        ]
    );
    let labels = only(capture.points(DURATION)).labels;
    assert_eq!(labels["messaging.operation.type"], Value::from("receive"));
}

#[test]
fn receiving_that_fails_counts_no_message() {
    // KA-15
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new().receives(true));
    let mut operation = consumer.receive_failed();
    operation.fail("_ALL_BROKERS_DOWN", "");
    operation.finish();

    let span = only(capture.spans());
    assert_eq!(span.name, "poll kafka.internal:9092");
    assert_eq!(
        by_name(&span.attributes),
        [
            text("error.type", "_ALL_BROKERS_DOWN"),
            text("messaging.operation.name", "poll"),
            text("messaging.operation.type", "receive"),
            text("messaging.system.name", "kafka"),
            text("server.address", "kafka.internal"),
            number("server.port", 9092),
        ]
    );
    assert_eq!(capture.points(CONSUMED), []);
}

#[test]
fn batches_link_and_share_what_is_common() {
    // KA-09: the attributes of the span, and those of the links.
    let message = |topic, partition: Option<i32>| Message::new(topic).partition(partition);
    let topic = "messaging.destination.name";
    let partition = "messaging.destination.partition.id";
    type Case<'a> = (Vec<Message<'a>>, &'a [&'a str], &'a [&'a str]);
    let cases: [Case<'_>; 5] = [
        (vec![message("a", Some(1))], &[topic, partition], &[]),
        (
            vec![message("a", Some(1)), message("a", Some(1))],
            &[topic, partition],
            &[],
        ),
        (
            vec![message("a", Some(1)), message("a", Some(2))],
            &[topic],
            &[partition],
        ),
        (
            vec![message("a", Some(1)), message("b", Some(1))],
            &[],
            &[topic, partition],
        ),
        (
            vec![message("a", Some(1)), message("b", None)],
            &[],
            &[topic, partition],
        ),
    ];
    for (messages, on_span, on_links) in cases {
        let capture = Capture::new();
        let consumer = consumer(&capture, MessagingConfig::new());
        let ids = (1..).take(messages.len());
        let headers: Vec<_> = ids.map(|id| vec![traceparent(&remote(id))]).collect();
        let batch = messages
            .iter()
            .zip(1..)
            .map(|(it, offset)| it.offset(offset));
        consumer.process_batch(batch.zip(&headers)).finish();

        let span = only(capture.spans());
        assert_eq!(span.parent_span_id, SpanId::INVALID);
        assert_eq!(links(&span).len(), messages.len());
        let has = |attributes: &[KeyValue]| -> Vec<String> {
            let keys = attributes.iter().map(|it| it.key.as_str());
            let keys = keys.filter(|key| [topic, partition].contains(key));
            keys.map(str::to_owned).collect()
        };
        assert_eq!(has(&span.attributes), on_span, "{messages:?}");
        let first = span.links.iter().next().unwrap();
        assert_eq!(has(&first.attributes), on_links, "{messages:?}");
        assert!(first.attributes.contains(&KeyValue::new("kafka.offset", 1)));
        assert_eq!(value(&span, "kafka.offset"), None);
        let count = i64::try_from(messages.len()).unwrap();
        assert_eq!(
            value(&span, "messaging.batch.message_count"),
            Some(count.into())
        );
        assert_eq!(only(capture.points(CONSUMED)).sum, messages.len() as f64);
        let expected = match on_span {
            [] => "process kafka.internal:9092",
            _ => "process a",
        };
        assert_eq!(span.name, expected);
    }
}

#[test]
fn a_batch_that_is_received_counts_its_messages() {
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new().receives(true));
    let (with, without) = (vec![traceparent(&remote(1))], headers(&[]));
    let messages = [(Message::new("a"), &with), (Message::new("a"), &without)];
    consumer.receive_batch(messages).finish();
    consumer.process_batch(messages).finish();
    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| links(span) == [SpanId::from(1)]));
    assert_eq!(only(capture.points(CONSUMED)).sum, 2.0);
}

#[test]
fn a_settlement_is_one_span_and_one_point() {
    let capture = Capture::new();
    let consumer = consumer(&capture, MessagingConfig::new().group("billing"));
    let message = Message::new("orders").partition(0).offset(41);
    consumer.settle(Some(&message)).finish();
    let span = only(capture.spans());
    assert_eq!(span.name, "commit orders");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(
        by_name(&span.attributes),
        [
            number("kafka.offset", 41),
            text("messaging.consumer.group.name", "billing"),
            text("messaging.destination.name", "orders"),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "commit"),
            text("messaging.operation.type", "settle"),
            text("messaging.system.name", "kafka"),
            text("server.address", "kafka.internal"),
            number("server.port", 9092),
        ]
    );
    assert_eq!(capture.metric_names(), [DURATION]);
    assert_eq!(only(capture.points(DURATION)).count, 1);
}

#[test]
fn an_offset_is_recorded_once_and_of_kafka() {
    let cases = [
        (MessagingSystem::KAFKA, Some(1), vec![1]),
        (MessagingSystem::KAFKA, None, vec![2]),
        (MessagingSystem::new("nats"), Some(1), vec![]),
        (MessagingSystem::new("nats"), None, vec![]),
    ];
    for (system, known, expected) in cases {
        let capture = Capture::new();
        let producer = producer(&capture, MessagingConfig::new().system(system));
        let message = Message::new("a").offset(known).partition(0);
        let mut operation = producer.send(&message, &headers(&[]));
        operation.record_offset(2);
        operation.record_partition(2);
        operation.finish();
        let span = only(capture.spans());
        let named = |name| {
            let attributes = span.attributes.iter();
            let found = attributes.filter(move |attribute| attribute.key.as_str() == name);
            found
                .map(|attribute| attribute.value.clone())
                .collect::<Vec<_>>()
        };
        let expected: Vec<_> = expected.into_iter().map(Value::I64).collect();
        assert_eq!(named("kafka.offset"), expected);
        assert_eq!(named("messaging.destination.partition.id"), ["0".into()]);
    }
}

#[test]
fn keys_are_recorded_if_they_are_text_and_may_be() {
    // KA-04, KA-10
    type Case<'a> = (Option<&'a [u8]>, bool, Option<&'static str>);
    let cases: [Case<'_>; 5] = [
        (Some(b"42"), true, Some("42")),
        (Some(b""), true, Some("")),
        (Some(b"\xff\x00"), true, None),
        (None, true, None),
        (Some(b"42"), false, None),
    ];
    for (key, keys, expected) in cases {
        let capture = Capture::new();
        let consumer = consumer(&capture, MessagingConfig::new().keys(keys));
        consumer
            .process(&Message::new("a").key(key), &headers(&[]))
            .finish();
        let recorded = value(&only(capture.spans()), "kafka.message.key");
        assert_eq!(recorded, expected.map(Value::from), "{key:?}");
    }
}

#[test]
fn other_systems_have_names_of_their_own() {
    let capture = Capture::new();
    let system = MessagingSystem::new("rabbitmq").send("publish");
    let producer = producer(&capture, MessagingConfig::new().system(system));
    let message = Message::new("amq.gen-x").is_temporary(true).id("m1");
    let message = message.key(b"k".as_slice());
    producer.send(&message, &headers(&[])).finish();
    let span = only(capture.spans());
    assert_eq!(span.name, "publish");
    let is_temporary = "messaging.destination.temporary".to_owned();
    assert_eq!(
        by_name(&span.attributes),
        [
            text("messaging.destination.name", "amq.gen-x"),
            (is_temporary, Value::from(true)),
            text("messaging.message.id", "m1"),
            text("messaging.operation.name", "publish"),
            text("messaging.operation.type", "send"),
            text("messaging.system.name", "rabbitmq"),
            text("server.address", "kafka.internal"),
            number("server.port", 9092),
        ]
    );
    let labels = only(capture.points(SENT)).labels;
    assert!(!labels.contains_key("messaging.destination.name"));
}

#[test]
fn suppressed_telemetry_passes_straight_through() {
    let capture = Capture::new();
    let (producer, consumer) = both(&capture, MessagingConfig::new().receives(true));
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    let (message, mut headers) = (Message::new("a"), headers(&[]));
    let operation = producer.send(&message, &headers);
    operation.inject(&mut MessageInjector(&mut headers));
    operation.finish();
    consumer.receive(&message, &headers).finish();
    consumer.process(&message, &headers).finish();
    consumer.process_batch([(message, &headers)]).finish();
    consumer.settle(None).finish();
    assert_eq!(headers, []);
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(capture.metric_names(), [""; 0]);
}

#[test]
fn what_is_not_recorded_still_passes_the_context_on() {
    let capture = Capture::new();
    let nowhere = Providers::new(NoopTracerProvider::new(), NoopMeterProvider::new());
    let filtered = MessagingConfig::new().filter(|_| false);
    let configs = [
        filtered.providers(capture.providers()),
        MessagingConfig::new().providers(nowhere),
    ];
    for config in configs {
        let consumer = ConsumerInstrumentation::new(scope(), config.clone());
        let producer = ProducerInstrumentation::new(scope(), config);
        let created = remote(7);
        let work = consumer.process(&Message::new("a"), &vec![traceparent(&created)]);
        let mut sent = headers(&[]);
        work.run(|| {
            let operation = producer.send(&Message::new("b"), &sent);
            operation.inject(&mut MessageInjector(&mut sent));
        });
        assert_eq!(sent, [traceparent(&created)]);
    }
    assert_eq!(capture.spans().len(), 0);
}

#[test]
fn hooks_add_and_rename() {
    let capture = Capture::new();
    let config = MessagingConfig::new()
        .span_name(|operation, message| {
            Some(format!("{operation} of {}", message.destination).into())
        })
        .attributes(|message, attributes| {
            attributes.both(KeyValue::new("is.order", message.destination == "orders"));
            attributes.span(KeyValue::new("kafka.offset", 99));
        });
    let producer = producer(&capture, config);
    producer
        .send(&Message::new("orders"), &headers(&[]))
        .finish();
    let span = only(capture.spans());
    assert_eq!(span.name, "send of orders");
    assert_eq!(value(&span, "is.order"), Some(true.into()));
    assert_eq!(value(&span, "kafka.offset"), None);
    for metric in [DURATION, SENT] {
        let labels = only(capture.points(metric)).labels;
        assert_eq!(labels["is.order"], Value::from(true));
    }
}

fn scope() -> InstrumentationScope {
    instrumentation_scope("test", "1.0.0")
}

fn both(
    capture: &Capture,
    config: MessagingConfig,
) -> (ProducerInstrumentation, ConsumerInstrumentation) {
    let config = config
        .providers(capture.providers())
        .server("kafka.internal", 9092);
    let producer = ProducerInstrumentation::new(scope(), config.clone());
    (producer, ConsumerInstrumentation::new(scope(), config))
}

fn producer(capture: &Capture, config: MessagingConfig) -> ProducerInstrumentation {
    both(capture, config).0
}

fn consumer(capture: &Capture, config: MessagingConfig) -> ConsumerInstrumentation {
    both(capture, config).1
}

fn remote(id: u64) -> SpanContext {
    let (trace, span) = (TraceId::from(u128::from(id)), SpanId::from(id));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE)
}

fn traceparent(span: &SpanContext) -> (String, String) {
    let flags = span.trace_flags().to_u8();
    let value = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
    pair("traceparent", &value)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| pair(name, value))
        .collect()
}

/// Headers as brokers have them: with null values and arbitrary bytes.
struct Bytes(&'static [(&'static str, Option<&'static [u8]>)]);

impl MessageHeaders for Bytes {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.0.iter().copied()
    }
}

fn links(span: &SpanData) -> Vec<SpanId> {
    let links = span.links.iter();
    links.map(|link| link.span_context.span_id()).collect()
}

fn value(span: &SpanData, key: &str) -> Option<Value> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.clone())
}

fn text(key: &str, value: &'static str) -> (String, Value) {
    (key.to_owned(), Value::from(value))
}

fn number(key: &str, value: i64) -> (String, Value) {
    (key.to_owned(), Value::from(value))
}

#[track_caller]
fn only<T>(found: Vec<T>) -> T {
    assert_eq!(found.len(), 1);
    found.into_iter().next().unwrap()
}

const DURATION: &str = "messaging.client.operation.duration";
const SENT: &str = "messaging.client.sent.messages";
const CONSUMED: &str = "messaging.client.consumed.messages";
const PROCESS: &str = "messaging.process.duration";
const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
