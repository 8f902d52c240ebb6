//! Spans in other tasks and threads, and across await points.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::Barrier;
use std::thread;

use futures_util::future::join;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tokio::task::{spawn, spawn_blocking, yield_now};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tracing::{Instrument, Span, info, info_span};

use crate::request::{GLOBAL, Seen, assert_child, check};

/// A span and an event, after two polls.
async fn business() {
    yield_now().await;
    info!("in the task");
    async { yield_now().await }
        .instrument(info_span!("business"))
        .await;
}

fn assert_business(seen: &Seen) {
    seen.only();
    let [record] = &seen.records[..] else {
        panic!("{:#?}", seen.records);
    };
    let ids = record.trace_context().expect("ids");
    assert_eq!(ids.span_id, seen.place.span_context.span_id());
}

#[test]
fn a_task_that_is_instrumented_with_the_current_span() {
    check(
        || {
            Box::pin(async {
                let task = spawn(business().instrument(Span::current()));
                task.await.expect("no panic");
            })
        },
        assert_business,
    );
}

#[test]
fn a_task_in_the_current_span() {
    check(
        || Box::pin(async { spawn(business().in_current_span()).await.expect("no panic") }),
        assert_business,
    );
}

#[test]
fn a_task_with_a_span_of_its_own() {
    check(
        || {
            Box::pin(async {
                let task = spawn(business().instrument(info_span!("task")));
                task.await.expect("no panic");
            })
        },
        |seen| {
            assert_child(seen.named("task"), &seen.place);
            assert_child(seen.named("business"), seen.named("task"));
        },
    );
}

#[test]
fn a_blocking_task() {
    check(
        || {
            Box::pin(async {
                let span = Span::current();
                let task = spawn_blocking(move || {
                    span.in_scope(|| {
                        info!("in the task");
                        info_span!("business").in_scope(|| ());
                    });
                    assert!(!Context::current().has_active_span());
                });
                task.await.expect("no panic");
            })
        },
        assert_business,
    );
}

#[test]
fn futures_that_are_dropped() {
    check(
        || {
            Box::pin(async {
                let endless = async {
                    yield_now().await;
                    pending::<()>().await;
                };
                tokio::select! {
                    () = endless.instrument(info_span!("dropped")) => {}
                    () = business() => {}
                }
                // It is not in the context of the dropped span.
                drop(info_span!("after"));
            })
        },
        |seen| {
            for name in ["dropped", "business", "after"] {
                assert_child(seen.named(name), &seen.place);
            }
            assert_eq!(seen.spans.len(), 3);
        },
    );
}

#[test]
fn futures_that_take_turns() {
    check(
        || {
            Box::pin(async {
                let one = business().instrument(info_span!("one"));
                let other = async {
                    business().await;
                    business().await;
                };
                join(one, other.instrument(info_span!("other"))).await;
            })
        },
        |seen| {
            let (one, other) = (seen.named("one"), seen.named("other"));
            assert_child(one, &seen.place);
            assert_child(other, &seen.place);
            let parents = seen.spans.iter().filter(|span| span.name == "business");
            let mut parents: Vec<_> = parents
                .map(|span| span.parent_span_id.to_string())
                .collect();
            parents.sort();
            let [one, other] = [one, other].map(|span| span.span_context.span_id().to_string());
            let mut expected = [one, other.clone(), other];
            expected.sort();
            assert_eq!(parents, expected);
        },
    );
}

#[test]
fn a_span_that_is_held_across_await_points() {
    check(
        || {
            Box::pin(async {
                let span = info_span!("held");
                yield_now().await;
                span.in_scope(|| info_span!("inside").in_scope(|| ()));
                yield_now().await;
                info_span!("beside").in_scope(|| ());
                drop(span);
            })
        },
        |seen| {
            assert_child(seen.named("held"), &seen.place);
            assert_child(seen.named("inside"), seen.named("held"));
            assert_child(seen.named("beside"), &seen.place);
        },
    );
}

#[test]
fn a_span_that_is_entered_on_two_threads() {
    check(
        || {
            Box::pin(async {
                let span = info_span!("both");
                let barrier = Barrier::new(2);
                let enter = || {
                    barrier.wait();
                    span.in_scope(|| info_span!("child").in_scope(|| ()));
                };
                thread::scope(|scope| {
                    scope.spawn(enter);
                    scope.spawn(enter);
                });
            })
        },
        |seen| {
            let both = seen.named("both");
            assert_child(both, &seen.place);
            let children: Vec<_> = seen.spans.iter().filter(|it| it.name == "child").collect();
            assert_eq!(children.len(), 2);
            children
                .into_iter()
                .for_each(|child| assert_child(child, both));
        },
    );
}

/// tower's `Buffer` keeps the current span of each request, and its worker calls the service in it.
#[test]
fn a_service_behind_a_buffer() {
    check(
        || {
            Box::pin(async {
                let service = service_fn(|()| {
                    info!("in the task");
                    info_span!("business").in_scope(|| ());
                    ready(Ok::<_, Infallible>(()))
                });
                let service = ServiceBuilder::new().buffer(1).service(service);
                service.oneshot(()).await.expect("an answer");
            })
        },
        assert_business,
    );
}

/// A mistake, which `tracing` warns about: other tasks of the thread run in the span. Nothing of it
/// may stay behind.
#[tokio::test]
async fn guards_that_are_held_across_await_points() {
    let before = GLOBAL.capture.spans().len();
    let held = async |name: &'static str| {
        let _entered = info_span!("guarded", name).entered();
        yield_now().await;
        info_span!("in the guard", name).in_scope(|| ());
        yield_now().await;
    };
    join(held("one"), held("other")).await;
    assert!(!Context::current().has_active_span());
    let spans = GLOBAL.capture.spans();
    let spans = spans.get(before..).unwrap_or_default();
    let named = |name| spans.iter().filter(|span| span.name == name).count();
    assert_eq!((named("guarded"), named("in the guard")), (2, 2));
}
