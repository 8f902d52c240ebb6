//! `tracing` spans as they are exported.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::fmt;
use std::panic::catch_unwind;
use std::sync::Barrier;
use std::thread;

use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
    SpanData,
};
use otel_tracing_bridge::{OtelSpanExt, SpanLayer};
use support::Exported;
use tracing::field::Empty;
use tracing::{Level, Span, debug_span, error, info, info_span, span};
use tracing_subscriber::layer::SubscriberExt;

/// The spans that are exported when `work` runs under a layer with its defaults.
fn spans(work: impl FnOnce()) -> Vec<SpanData> {
    spans_with(|layer| layer, |_| work())
}

fn spans_with(
    configure: impl FnOnce(SpanLayer) -> SpanLayer,
    work: impl FnOnce(&Exported),
) -> Vec<SpanData> {
    let exported = Exported::new();
    let layer = configure(SpanLayer::new(exported.traces.clone()));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || work(&exported));
    exported.spans()
}

fn only(spans: Vec<SpanData>) -> SpanData {
    let [span] = <[SpanData; 1]>::try_from(spans).unwrap();
    span
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let mut named = spans.iter().filter(|span| span.name == name);
    let span = named.next().unwrap_or_else(|| panic!("{spans:#?}"));
    assert!(named.next().is_none(), "{spans:#?}");
    span
}

fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id());
    assert_eq!(
        child.span_context.trace_id(),
        parent.span_context.trace_id()
    );
}

fn remote() -> SpanContext {
    SpanContext::new(
        TraceId::from(0x123),
        SpanId::from(0x456),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    )
}

/// An error with a cause.
#[derive(Debug)]
struct Declined(fmt::Error);

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn fields_keep_their_types() {
    let span = only(spans(|| {
        info_span!(
            "work",
            signed = -1_i64,
            unsigned = 2_u64,
            small = 3_u8,
            largest = u64::MAX,
            wide = 4_i128,
            widest = u128::MAX,
            float = 0.5,
            flag = true,
            text = "text",
            shown = %"shown",
            debugged = ?Some(1),
            nothing = Empty,
            unknown = None::<u64>,
            known = Some(5_u64),
        );
    }));
    let max = u64::MAX.to_string();
    let widest = u128::MAX.to_string();
    assert_eq!(
        span.attributes,
        [
            KeyValue::new("signed", -1),
            KeyValue::new("unsigned", 2),
            KeyValue::new("small", 3),
            KeyValue::new("largest", max),
            KeyValue::new("wide", 4),
            KeyValue::new("widest", widest),
            KeyValue::new("float", 0.5),
            KeyValue::new("flag", true),
            KeyValue::new("text", "text"),
            KeyValue::new("shown", "shown"),
            KeyValue::new("debugged", "Some(1)"),
            KeyValue::new("known", 5),
        ]
    );
    assert_eq!(
        (&*span.name, &span.span_kind),
        ("work", &SpanKind::Internal)
    );
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.events.len(), 0);
}

#[test]
fn fields_of_otel_are_what_they_say() {
    let span = only(spans(|| {
        let span = info_span!(
            "work",
            otel.name = "GET /orders",
            otel.kind = "CLIENT",
            otel.status_code = Empty,
            otel.status_message = Empty,
        );
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_message", "refused");
    }));
    assert_eq!(
        (&*span.name, span.span_kind),
        ("GET /orders", SpanKind::Client)
    );
    assert_eq!(span.status, Status::error("refused"));
    assert_eq!(span.attributes, []);

    let span = only(spans(|| {
        let span = info_span!("work", otel.name = Empty, otel.status_code = Empty);
        span.in_scope(|| ());
        span.record("otel.name", "renamed");
        span.record("otel.status_code", "ok");
    }));
    assert_eq!((&*span.name, span.status), ("renamed", Status::Ok));
}

#[test]
fn records_are_set_before_and_after_the_start() {
    let span = only(spans(|| {
        let span = info_span!("work", early = 1, late = Empty, never = Empty);
        span.record("early", 2);
        span.in_scope(|| {
            Span::current().record("late", 3);
        });
    }));
    let expected = [KeyValue::new("early", 2), KeyValue::new("late", 3)];
    assert_eq!(span.attributes, expected);
}

#[test]
fn errors_are_the_status() {
    let error = || Declined(fmt::Error);
    let text = "card declined: an error occurred when formatting an argument";
    let record = |span: &Span, value: &dyn tracing::Value| {
        span.record("error", value);
    };
    for (record, description) in [
        (&|span: &Span| record(span, &"refused"), "refused"),
        (&|span: &Span| record(span, &true), ""),
        (
            &|span: &Span| {
                let error = error();
                record(span, &(&error as &(dyn std::error::Error + 'static)));
            },
            text,
        ),
    ] as [(&dyn Fn(&Span), &str); 3]
    {
        for is_started in [false, true] {
            let span = only(spans(|| {
                let span = info_span!("work", error = Empty);
                if is_started {
                    span.in_scope(|| ());
                }
                record(&span);
            }));
            assert_eq!(span.status, Status::error(description.to_owned()));
            assert_eq!(span.attributes, [KeyValue::new("error.type", "_OTHER")]);
        }
    }
    let span = only(spans(|| drop(info_span!("work", error = false))));
    assert_eq!((span.status, span.attributes), (Status::Unset, vec![]));

    let span = only(spans(|| {
        let span = info_span!("work", error = "refused", error.type = Empty);
        span.record("error.type", "card_declined");
    }));
    let expected = [KeyValue::new("error.type", "card_declined")];
    assert_eq!(span.attributes, expected);
}

#[tracing::instrument(err)]
fn instrumented(amount: u32) -> Result<u32, Declined> {
    Err(Declined(fmt::Error)).or_else(|error| match amount {
        0 => Ok(0),
        _ => Err(error),
    })
}

#[test]
fn instrumented_functions_that_fail_are_errors() {
    let span = only(spans(|| assert!(instrumented(1).is_err())));
    assert_eq!(span.status, Status::error("card declined"));
    let attributes = [
        KeyValue::new("amount", 1),
        KeyValue::new("error.type", "_OTHER"),
    ];
    assert_eq!(span.attributes, attributes);
    assert_eq!(span.events.len(), 0);

    let span = only(spans(|| assert!(instrumented(0).is_ok())));
    assert_eq!(span.status, Status::Unset);
}

#[tracing::instrument(err(level = "info"))]
fn instrumented_quietly() -> Result<(), Declined> {
    Err(Declined(fmt::Error))
}

#[test]
fn the_level_of_a_failure_makes_no_difference() {
    let span = only(spans(|| assert!(instrumented_quietly().is_err())));
    assert_eq!(span.status, Status::error("card declined"));
}

#[test]
fn what_a_context_holds_is_there_in_all_spans() {
    struct Held(u32);

    let spans = spans(|| {
        let _attached = Context::new().with_value(Held(7)).attach();
        info_span!("outer").in_scope(|| {
            let inner = info_span!("inner");
            std::thread::scope(|scope| {
                let (inner, dispatch) = (&inner, tracing::dispatcher::get_default(Clone::clone));
                scope.spawn(move || {
                    tracing::dispatcher::with_default(&dispatch, || {
                        inner.in_scope(|| {
                            assert_eq!(Context::current().get::<Held>().unwrap().0, 7);
                        });
                    });
                });
            });
        });
    });
    assert_eq!(spans.len(), 2);
}

#[test]
fn other_events_are_not_the_spans_failure() {
    let span = only(spans(|| {
        info_span!("work").in_scope(|| {
            error!("said");
            error!(error = "and more", attempt = 1);
        });
    }));
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.events.len(), 0);
}

#[test]
fn span_events_are_there_if_asked_for() {
    let span = only(
        spans_with(
            |layer| layer.span_events(true),
            |_| {
                info_span!("work").in_scope(|| {
                    info!(order = 7, "placed");
                    drop(instrumented(0));
                    error!(error = "refused");
                });
            },
        )
        .into_iter()
        .filter(|span| span.name == "work")
        .collect(),
    );
    let events: Vec<_> = span
        .events
        .iter()
        .map(|it| (&*it.name, &it.attributes))
        .collect();
    let placed = vec![KeyValue::new("order", 7), KeyValue::new("level", "INFO")];
    let refused = vec![
        KeyValue::new("level", "ERROR"),
        KeyValue::new("exception.message", "refused"),
    ];
    assert_eq!(events, [("placed", &placed), ("exception", &refused)]);
}

#[test]
fn parents_are_current_contexts_spans_and_what_is_said() {
    let spans = spans_with(
        |layer| layer,
        |exported| {
            let tracer = exported.traces.tracer("api");
            tracer.in_span("api", |_| {
                let outer = info_span!("outer");
                outer.in_scope(|| {
                    tracer.in_span("api inside", |_| drop(info_span!("inner")));
                    info_span!(parent: None, "root");
                });
                info_span!(parent: &outer, "explicit");
                let late = info_span!("late");
                let parent = Context::new().with_remote_span_context(remote());
                late.set_parent(parent.clone()).unwrap();
                late.in_scope(|| ());
                assert!(late.set_parent(parent).unwrap_err().is_too_late());
            });
        },
    );
    assert_child(named(&spans, "outer"), named(&spans, "api"));
    assert_child(named(&spans, "api inside"), named(&spans, "outer"));
    assert_child(named(&spans, "inner"), named(&spans, "api inside"));
    assert_child(named(&spans, "explicit"), named(&spans, "outer"));
    assert_eq!(named(&spans, "root").parent_span_id, SpanId::INVALID);
    let late = named(&spans, "late");
    assert_eq!(late.parent_span_id, remote().span_id());
    assert!(late.parent_span_is_remote);
}

#[test]
fn spans_that_are_not_exported_are_no_gap() {
    let spans = spans_with(
        |layer| layer.filter(|metadata| metadata.name() != "hidden"),
        |_| {
            let outer = info_span!("outer");
            let hidden = outer.in_scope(|| info_span!("hidden"));
            hidden.in_scope(|| ());
            info_span!(parent: &hidden, "inner");
        },
    );
    assert_eq!(spans.len(), 2);
    assert_child(named(&spans, "inner"), named(&spans, "outer"));
}

/// It marks a span of the API that exists already, in whose context it is created.
#[test]
fn a_marker_of_a_middleware_is_no_span_and_hands_its_context_on() {
    let spans = spans_with(
        |layer| layer,
        |exported| {
            let tracer = exported.traces.tracer("api");
            let marker = tracer.in_span(
                "query",
                |_| debug_span!(target: "otel_middleware_sqlx::query", "marker"),
            );
            // As a driver does on its own thread.
            thread::scope(|scope| {
                scope.spawn(|| marker.in_scope(|| tracer.in_span("inner", |_| ())));
            });
        },
    );
    assert_eq!(spans.len(), 2, "{spans:#?}");
    assert_child(named(&spans, "inner"), named(&spans, "query"));
}

#[test]
fn what_a_span_follows_from_is_a_link() {
    let spans = spans(|| {
        let (cause, effect, started) = (
            info_span!("cause"),
            info_span!("effect"),
            info_span!("started"),
        );
        effect.follows_from(&cause);
        started.in_scope(|| ());
        started.follows_from(cause.id());
    });
    let cause = named(&spans, "cause").span_context.clone();
    for name in ["effect", "started"] {
        let links = &named(&spans, name).links;
        let links: Vec<_> = links.iter().map(|link| link.span_context.clone()).collect();
        assert_eq!(links, std::slice::from_ref(&cause));
    }
}

#[test]
fn the_extension_reaches_spans_before_and_after_their_start() {
    for is_started in [false, true] {
        let span = only(spans(|| {
            let span = info_span!("work");
            if is_started {
                assert!(span.context().span().span_context().is_valid());
            }
            span.set_attribute("count", 7);
            span.set_attribute("names", Value::Array(Array::String(vec!["a".into()])));
            span.add_link(remote());
            span.add_link(SpanContext::NONE);
            span.set_status(Status::error("refused"));
            span.update_name("renamed");
            span.add_event("seen", vec![KeyValue::new("how", "well")]);
        }));
        let names = Value::Array(Array::String(vec!["a".into()]));
        let attributes = [KeyValue::new("count", 7), KeyValue::new("names", names)];
        assert_eq!(span.attributes, attributes);
        assert_eq!(span.links.len(), 1);
        assert_eq!(span.links[0].span_context, remote());
        assert_eq!(
            (&*span.name, span.status),
            ("renamed", Status::error("refused"))
        );
        assert_eq!(span.events[0].name, "seen");
        assert_eq!(span.events[0].attributes, [KeyValue::new("how", "well")]);
    }
}

#[test]
fn the_extension_of_a_disabled_span_says_so() {
    let nothing = Span::none();
    nothing.set_attribute("lost", 1);
    assert!(!nothing.context().span().span_context().is_valid());
    assert!(
        !nothing
            .set_parent(Context::new())
            .unwrap_err()
            .is_too_late()
    );
}

#[test]
fn a_span_ends_when_it_is_closed() {
    let spans = spans_with(
        |layer| layer,
        |exported| {
            let span = info_span!("kept");
            span.in_scope(|| ());
            let handle = span.clone();
            drop(span);
            assert_eq!(exported.spans().len(), 0);
            let context = handle.context();
            drop(handle);
            // Keeping the context does not keep the span open.
            assert_eq!(exported.spans().len(), 1);
            drop(context);
        },
    );
    assert_eq!(spans.len(), 1);
}

#[test]
fn a_span_that_is_never_entered_is_exported() {
    let span = only(spans(|| drop(info_span!("work"))));
    assert!(span.end_time >= span.start_time);
}

#[test]
fn a_panic_is_an_error_of_the_spans_that_it_closes() {
    let span = only(spans(|| {
        let panic = || info_span!("work").in_scope(|| std::panic::resume_unwind(Box::new(())));
        assert!(std::panic::catch_unwind(panic).is_err());
    }));
    assert_eq!(span.status, Status::error(""));
    assert_eq!(span.attributes, [KeyValue::new("error.type", "panic")]);
}

#[test]
fn a_span_is_entered_on_two_threads_at_once() {
    for _ in 0..200 {
        let exported = Exported::new();
        let layer = SpanLayer::new(exported.traces.clone());
        let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
        let span = tracing::dispatcher::with_default(&dispatch, || info_span!("both"));
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    tracing::dispatcher::with_default(&dispatch, || {
                        barrier.wait();
                        span.in_scope(|| drop(info_span!("child")));
                    });
                });
            }
        });
        drop(span);
        let spans = exported.spans();
        assert_eq!(spans.len(), 3);
        let both = named(&spans, "both");
        for child in spans.iter().filter(|span| span.name == "child") {
            assert_child(child, both);
        }
    }
}

#[test]
fn spans_may_be_left_in_any_order() {
    let spans = spans(|| {
        let (first, second) = (
            info_span!("first").entered(),
            info_span!("second").entered(),
        );
        drop(first);
        info_span!("inside");
        drop(second);
        info_span!("outside");
        assert!(!Context::current().has_active_span());
    });
    assert_child(named(&spans, "inside"), named(&spans, "second"));
    assert_eq!(named(&spans, "outside").parent_span_id, SpanId::INVALID);
}

#[test]
fn the_scope_is_the_targets_crate() {
    let scope = InstrumentationScope::builder("my-shop")
        .with_version("1.2.3")
        .build();
    let spans = spans_with(
        |layer| layer.scope(scope.clone()),
        |_| {
            info_span!("here");
            info_span!(target: "my_shop::orders", "there");
            info_span!(target: "my_shopping", "elsewhere");
        },
    );
    let scope_of = |name| named(&spans, name).instrumentation_scope.clone();
    assert_eq!(scope_of("here").name(), "spans");
    assert_eq!(scope_of("here").version(), None);
    assert_eq!(scope_of("there"), scope);
    assert_eq!(scope_of("elsewhere").name(), "my_shopping");
}

#[test]
fn details_are_there_if_asked_for() {
    let span = only(spans_with(
        |layer| {
            layer
                .location(true)
                .target(true)
                .threads(true)
                .activity(true)
        },
        |_| drop(info_span!("work", field = 1)),
    ));
    let keys: Vec<_> = span.attributes.iter().map(|it| it.key.as_str()).collect();
    let expected = [
        "field",
        "code.file.path",
        "code.line.number",
        "target",
        "thread.id",
        "thread.name",
        "busy_ns",
        "idle_ns",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        span.attributes[1].value.as_str(),
        "tracing-bridge/tests/spans.rs"
    );
}

#[test]
fn suppressed_spans_and_the_sdks_own_are_left_out() {
    let spans = spans(|| {
        {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            info_span!("suppressed").in_scope(|| ());
        }
        span!(target: "opentelemetry_sdk", Level::ERROR, "of the SDK");
    });
    assert_eq!(spans, []);
}

#[test]
fn a_shutdown_hides_no_parent() {
    spans_with(
        |layer| layer,
        |exported| {
            exported.traces.shutdown().unwrap();
            let parent = Context::new().with_remote_span_context(remote());
            let _attached = parent.attach();
            let span = info_span!("too late");
            span.in_scope(|| {
                let current = Context::current();
                assert_eq!(current.span().span_context(), &remote());
            });
            span.set_attribute("lost", 1);
        },
    );
}

#[test]
fn subscribers_of_tests_do_not_mix() {
    let (outer, inner) = (Exported::new(), Exported::new());
    let subscriber = |exported: &Exported| {
        tracing_subscriber::registry().with(SpanLayer::new(exported.traces.clone()))
    };
    let _outer = tracing::subscriber::set_default(subscriber(&outer));
    info_span!("outer").in_scope(|| {
        let guard = tracing::subscriber::set_default(subscriber(&inner));
        info_span!("inner").in_scope(|| ());
        drop(guard);
        info_span!("outer again");
    });
    let spans = inner.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["inner"]);
    let spans = outer.spans();
    assert_child(named(&spans, "outer again"), named(&spans, "outer"));
}

/// Panics at every span with one name.
#[derive(Clone, Debug)]
struct Fragile;

impl ShouldSample for Fragile {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        assert_ne!(name, "fragile");
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: Vec::new(),
            trace_state: TraceState::NONE,
        }
    }
}

#[test]
fn sampler_that_panics_costs_one_span() {
    let exported = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_sampler(Fragile)
        .with_simple_exporter(exported.clone())
        .build();
    let subscriber = tracing_subscriber::registry().with(SpanLayer::new(provider.clone()));
    tracing::subscriber::with_default(subscriber, || {
        let outer = info_span!("outer");
        outer.in_scope(|| {
            // Asked when it is entered, when it ends without being entered, and when its parent is
            // needed.
            let _ = catch_unwind(|| info_span!("fragile").in_scope(|| {}));
            let _ = catch_unwind(|| drop(info_span!("fragile")));
            let _ = catch_unwind(|| {
                let fragile = info_span!("fragile");
                info_span!(parent: &fragile, "inner").in_scope(|| {});
            });
            info_span!("next").in_scope(|| {});
        });
    });
    let spans = exported.get_finished_spans().unwrap();
    assert_child(named(&spans, "next"), named(&spans, "outer"));
    assert!(spans.iter().all(|span| span.name != "fragile"));
}
