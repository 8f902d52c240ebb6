use std::time::Duration;
use std::time::UNIX_EPOCH;

use allocation_counter::measure;
use opentelemetry::Array;
use opentelemetry::InstrumentationScope;
use opentelemetry::KeyValue;
use opentelemetry::SpanId;
use opentelemetry::TraceFlags;
use opentelemetry::TraceId;
use opentelemetry::Value;
use opentelemetry::trace::Event;
use opentelemetry::trace::Link;
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::Status;
use opentelemetry::trace::TraceState;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanEvents;
use opentelemetry_sdk::trace::SpanLinks;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::proptest;

use super::EncodedSpans;
use super::SpanEncoder;
use super::sameness::assert_same;
use super::sameness::assert_splits;
use super::sameness::check;

proptest! {
    #[test]
    fn generated_spans_are_encoded_as_by_opentelemetry_proto(bytes in vec(any::<u8>(), 0..4000)) {
        check(&bytes);
    }
}

/// Spans with fields that are left out, empty, zero or extreme; and no spans at all.
#[test]
fn picked_spans_are_encoded_as_by_opentelemetry_proto() {
    let resource = Resource::builder_empty()
        .with_schema_url(
            [KeyValue::new("service.name", "checkout")],
            "https://example.com/1",
        )
        .build();
    type Change = Box<dyn Fn(&mut SpanData)>;
    let cases: Vec<(&str, Change)> = vec![
        ("ordinary", Box::new(|_| {})),
        (
            "root",
            Box::new(|span| span.parent_span_id = SpanId::INVALID),
        ),
        ("remote", Box::new(|span| span.parent_span_is_remote = true)),
        (
            "invalid",
            Box::new(|span| span.span_context = SpanContext::NONE),
        ),
        (
            "internal",
            Box::new(|span| span.span_kind = SpanKind::Internal),
        ),
        ("client", Box::new(|span| span.span_kind = SpanKind::Client)),
        (
            "producer",
            Box::new(|span| span.span_kind = SpanKind::Producer),
        ),
        (
            "consumer",
            Box::new(|span| span.span_kind = SpanKind::Consumer),
        ),
        ("no name", Box::new(|span| span.name = "".into())),
        (
            "huge name",
            Box::new(|span| span.name = "n".repeat(3 << 20).into()),
        ),
        ("1970", Box::new(|span| span.start_time = UNIX_EPOCH)),
        (
            "1969",
            Box::new(|span| span.start_time = UNIX_EPOCH - Duration::from_nanos(1)),
        ),
        (
            "2554",
            Box::new(|span| span.end_time = UNIX_EPOCH + Duration::from_nanos(u64::MAX)),
        ),
        (
            "3000",
            Box::new(|span| span.end_time = UNIX_EPOCH + Duration::from_secs(32_503_680_000)),
        ),
        ("ok", Box::new(|span| span.status = Status::Ok)),
        (
            "error",
            Box::new(|span| span.status = Status::error("no such order")),
        ),
        (
            "error without message",
            Box::new(|span| span.status = Status::error("")),
        ),
        ("no attributes", Box::new(|span| span.attributes.clear())),
        (
            "dropped",
            Box::new(|span| {
                span.dropped_attributes_count = u32::MAX;
                span.events.dropped_count = 1;
                span.links.dropped_count = 128;
            }),
        ),
        ("values", Box::new(|span| span.attributes = values())),
        (
            "state",
            Box::new(|span| {
                span.span_context = context("congo=t61rcWkgMzE,rojo=", true);
            }),
        ),
        (
            "events",
            Box::new(|span| {
                let stack = "at main\n".repeat(5000);
                span.events.events = vec![
                    Event::with_name(""),
                    Event::new(
                        "exception",
                        UNIX_EPOCH,
                        vec![KeyValue::new("stack", stack)],
                        3,
                    ),
                    Event::new("values", span.end_time, values(), 0),
                ];
            }),
        ),
        (
            "links",
            Box::new(|span| {
                span.links.links = vec![
                    Link::with_context(SpanContext::NONE),
                    Link::new(context("", false), values(), 0),
                    Link::new(context("a=1", true), Vec::new(), 7),
                ];
            }),
        ),
    ];
    assert_same(&resource, &[]);
    for (name, change) in cases {
        let mut spans = batch(2);
        change(&mut spans[0]);
        println!("{name}");
        assert_same(&resource, &spans);
    }
}

#[test]
fn spans_of_a_scope_are_together_in_the_order_of_their_first_appearance() {
    let attributes = || [KeyValue::new("a", 1), KeyValue::new("b", true)];
    let backwards = attributes().into_iter().rev();
    let scopes = [
        InstrumentationScope::builder("a").build(),
        InstrumentationScope::builder("b").build(),
        InstrumentationScope::builder("a").with_version("").build(),
        InstrumentationScope::builder("a").with_version("1").build(),
        InstrumentationScope::builder("a")
            .with_schema_url("https://example.com")
            .build(),
        InstrumentationScope::builder("a")
            .with_attributes(attributes())
            .build(),
        // Equal to the scope before.
        InstrumentationScope::builder("a")
            .with_attributes(backwards)
            .build(),
        InstrumentationScope::builder("a")
            .with_attributes([KeyValue::new("a", f64::NAN)])
            .build(),
    ];
    let many =
        (0..20).map(|number| InstrumentationScope::builder(format!("scope {number}")).build());
    let scopes: Vec<_> = scopes.into_iter().chain(many).collect();
    let mut spans = batch(200);
    for (index, span) in spans.iter_mut().enumerate() {
        span.instrumentation_scope = scopes[index * index % scopes.len()].clone();
    }
    let resource = Resource::builder_empty().build();
    assert_same(&resource, &spans);
    for largest in [0, 300, 1000, 5000, 20_000, usize::MAX] {
        assert_splits(&SpanEncoder::new(&resource).encode(&spans), largest);
    }
}

#[test]
fn lengths_around_every_boundary_are_written_in_as_few_bytes_as_they_take() {
    let resource = Resource::builder_empty().build();
    for boundary in [128, 16 * 1024, 2 * 1024 * 1024] {
        for size in boundary - 300..boundary + 2 {
            // Around the larger boundaries, all other sizes have passed them together.
            if boundary > 128 && size % 7 != 0 {
                continue;
            }
            let mut spans = batch(1);
            spans[0].attributes = vec![KeyValue::new("data", "x".repeat(size.max(0) as usize))];
            assert_same(&resource, &spans);
        }
    }
}

/// The request and the lists of where spans begin take memory, the spans take none.
#[test]
fn batch_costs_four_allocations_however_many_spans_it_has() {
    let encoder = SpanEncoder::new(&Resource::builder().build());
    let spans = batch(512);
    let encode = || encoder.encode(&spans);
    let cost = |encode: &mut dyn FnMut() -> EncodedSpans| {
        let mut encoded = None;
        let cost = measure(|| encoded = Some(encode()));
        (cost.count_total, encoded)
    };
    drop(encode());

    // The order of the spans, where they end, their scopes, and the request's reference count.
    let (allocations, in_flight) = cost(&mut || encode());
    assert_eq!(allocations, 4);

    // Memory that is still in use is not overwritten.
    let before = in_flight.as_ref().unwrap().request(&(0..512)).to_vec();
    let few = batch(1);
    let (allocations, second) = cost(&mut || encoder.encode(&few));
    assert_eq!(allocations, 5);
    assert_eq!(in_flight.unwrap().request(&(0..512)), before);

    // After a request that is larger than any before, the next ones have more memory.
    drop(second);
    drop(encode());
    assert_eq!(cost(&mut || encode()).0, 4);
}

#[test]
fn memory_of_a_request_that_is_much_larger_than_usual_is_given_back() {
    let encoder = SpanEncoder::new(&Resource::builder_empty().build());
    let mut spans = batch(1);
    let kept = measure(|| drop(encoder.encode(&spans))).bytes_current;
    assert!((1..4096).contains(&kept), "{kept}");
    spans[0].name = "n".repeat(8 << 20).into();
    let more = measure(|| drop(encoder.encode(&spans))).bytes_current;
    assert!(more <= 0, "{more}");
}

/// Spans as a server creates them.
fn batch(count: u64) -> Vec<SpanData> {
    let span = |number: u64| SpanData {
        span_context: SpanContext::new(
            TraceId::from(u128::from(number) << 70 | 1),
            SpanId::from(number),
            TraceFlags::SAMPLED,
            false,
            "congo=t61rcWkgMzE".parse().unwrap(),
        ),
        parent_span_id: SpanId::from(number + 7),
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "GET /orders/{id}".into(),
        start_time: UNIX_EPOCH + Duration::from_nanos(1_764_000_000_000_000_000 + number),
        end_time: UNIX_EPOCH + Duration::from_nanos(1_764_000_000_001_000_000 + number),
        attributes: vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("http.route", "/orders/{id}"),
            KeyValue::new("url.path", format!("/orders/{number}")),
            KeyValue::new("url.scheme", "http"),
            KeyValue::new("http.response.status_code", 200),
        ],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("otel-middleware-axum")
            .with_version("0.1.0")
            .build(),
    };
    (1..=count).map(span).collect()
}

fn values() -> Vec<KeyValue> {
    let value = |value: Value| KeyValue::new("key", value);
    vec![
        KeyValue::new("", ""),
        value(false.into()),
        value(true.into()),
        value(0.into()),
        value((-1).into()),
        value(i64::MAX.into()),
        value(i64::MIN.into()),
        value(0.0.into()),
        value((-0.0).into()),
        value(f64::NAN.into()),
        value(f64::INFINITY.into()),
        value("".into()),
        value("e\u{301}\u{1f980}".into()),
        value("x".repeat(100_000).into()),
        value(Value::Array(Array::Bool(vec![]))),
        value(Value::Array(Array::Bool(vec![true, false]))),
        value(Value::Array(Array::I64(vec![0, -1, 127, 128]))),
        value(Value::Array(Array::F64(vec![0.0, f64::MIN]))),
        value(Value::Array(Array::String(vec![
            "".into(),
            "a".repeat(200).into(),
        ]))),
    ]
}

fn context(state: &str, is_remote: bool) -> SpanContext {
    let state: TraceState = state.parse().unwrap();
    SpanContext::new(
        TraceId::from(1),
        SpanId::from(2),
        TraceFlags::new(0xff),
        is_remote,
        state,
    )
}
