//! Attributes, names and statuses of spans.

use std::fmt;

use opentelemetry::trace::{SpanContext, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use otel_instrumentation::{ErrorType, server_span};
use otel_tracing_bridge::OtelSpanExt;
use tracing::field::Empty;
use tracing::{Span, info, info_span};

use crate::request::{Framework, assert_child, check};

#[test]
fn an_attribute_of_the_current_span() {
    check(
        || {
            Box::pin(async {
                Span::current().set_attribute("by.tracing", 7);
                let attribute = KeyValue::new("by.opentelemetry", 8);
                Context::current().span().set_attribute(attribute);
            })
        },
        |seen| {
            for attribute in [
                KeyValue::new("by.tracing", 7),
                KeyValue::new("by.opentelemetry", 8),
            ] {
                let attributes = seen.place.attributes.iter();
                let found = attributes.filter(|it| **it == attribute).count();
                assert_eq!(found, 1, "{attribute:?} {:#?}", seen.place);
            }
            assert_eq!(seen.spans, []);
        },
    );
}

#[test]
fn a_business_span() {
    check(
        || {
            Box::pin(async {
                info_span!("business", order = 7_u64).in_scope(|| info!("placed"));
            })
        },
        |seen| {
            let span = seen.only();
            assert_eq!(span.attributes, [KeyValue::new("order", 7)]);
            let ids = seen.records[0].trace_context().expect("ids");
            assert_eq!(ids.span_id, span.span_context.span_id());
        },
    );
}

#[tracing::instrument(fields(found))]
async fn looked_up(id: u64) {
    tokio::task::yield_now().await;
    Span::current().record("found", true);
}

#[test]
fn a_field_that_is_recorded_later() {
    check(
        || {
            Box::pin(async {
                // If the handler has no span, an undeclared field is lost. The page says so.
                Span::current().record("undeclared", 1);
                looked_up(7).await;
            })
        },
        |seen| {
            let expected = [KeyValue::new("id", 7), KeyValue::new("found", true)];
            assert_eq!(seen.only().attributes, expected);
        },
    );
}

#[test]
fn a_span_is_renamed() {
    check(
        || {
            Box::pin(async {
                Span::current().update_name("renamed");
                let inner = info_span!("inner", otel.name = Empty);
                inner.in_scope(|| {
                    Span::current().record("otel.name", "renamed, too");
                });
            })
        },
        |seen| {
            // The server span has the convention's name, which actix and tonic set at the end,
            // unless its handle renames it.
            if seen.is_instrumented || seen.framework == Framework::Axum {
                assert_eq!(seen.place.name, "renamed");
            }
            if seen.is_instrumented {
                assert_ne!(seen.server.name, "renamed");
            }
            assert_eq!(seen.only().name, "renamed, too");
        },
    );
}

/// Also from another task, and after other spans were begun.
#[test]
fn the_server_span_by_its_handle() {
    check(
        || {
            Box::pin(async {
                info_span!("business").in_scope(|| {
                    server_span().update_name("GET renamed");
                    server_span().set_error(ErrorType("card_declined"), "no money");
                });
                let span = server_span();
                let attribute = KeyValue::new("by.handle", 1);
                let task = tokio::spawn(async move { span.set_attribute(attribute) });
                task.await.expect("no panic");
                let span = tokio::spawn(async { server_span() });
                assert!(!span.await.expect("no panic").is_recording());
            })
        },
        |seen| {
            assert_eq!(seen.server.name, "GET renamed");
            assert_eq!(seen.server.status, Status::error("no money"));
            for attribute in [
                KeyValue::new("by.handle", 1),
                KeyValue::new("error.type", "card_declined"),
            ] {
                assert!(seen.server.attributes.contains(&attribute), "{attribute:?}");
            }
            assert_eq!(seen.named("business").attributes, []);
        },
    );
}

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

#[tracing::instrument(err)]
async fn pay() -> Result<(), Declined> {
    tokio::task::yield_now().await;
    Err(Declined)
}

#[test]
fn an_error() {
    check(
        || {
            Box::pin(async {
                assert!(pay().await.is_err());
                Span::current().set_status(Status::error("no payment"));
            })
        },
        |seen| {
            let pay = seen.only();
            assert_eq!(pay.status, Status::error("card declined"));
            assert_eq!(pay.attributes, [KeyValue::new("error.type", "_OTHER")]);
            assert_eq!(seen.place.status, Status::error("no payment"));
        },
    );
}

#[test]
fn what_a_span_follows_from() {
    check(
        || {
            Box::pin(async {
                let cause = info_span!("cause");
                let effect = info_span!("effect");
                effect.follows_from(&cause);
                effect.follows_from(Span::current());
            })
        },
        |seen| {
            let links = seen.named("effect").links.iter();
            let links: Vec<_> = links.map(|link| link.span_context.span_id()).collect();
            let cause = seen.named("cause");
            let expected = [&cause.span_context, &seen.place.span_context];
            assert_eq!(links, expected.map(SpanContext::span_id));
        },
    );
}

#[test]
fn a_parent_that_is_known_by_its_id() {
    check(
        || {
            Box::pin(async {
                let id = Span::current().id();
                tokio::task::yield_now().await;
                info_span!(parent: id, "child").in_scope(|| ());
            })
        },
        |seen| assert_eq!(seen.only().name, "child"),
    );
}

#[test]
fn nested_scopes() {
    check(
        || {
            Box::pin(async {
                info_span!("a").in_scope(|| {
                    info_span!("b").in_scope(|| info_span!("c").in_scope(|| ()));
                    info_span!("d").in_scope(|| ());
                });
                info_span!("e").in_scope(|| ());
            })
        },
        |seen| {
            for (child, parent) in [("b", "a"), ("c", "b"), ("d", "a")] {
                assert_child(seen.named(child), seen.named(parent));
            }
            for child in ["a", "e"] {
                assert_child(seen.named(child), &seen.place);
            }
        },
    );
}

#[test]
fn records_of_the_log_crate() {
    check(
        || {
            Box::pin(async {
                log::warn!(target: "shop", "nearly out of stock");
                log::debug!(target: "shop", "not wanted");
            })
        },
        |seen| {
            let [record] = &seen.records[..] else {
                panic!("{:#?}", seen.records);
            };
            let ids = record.trace_context().expect("ids");
            assert_eq!(ids.span_id, seen.place.span_context.span_id());
            assert_eq!(record.target().expect("a target"), "shop");
            let keys: Vec<_> = record
                .attributes_iter()
                .map(|(key, _)| key.as_str())
                .collect();
            assert_eq!(keys, ["code.file.path", "code.line.number"]);
            let path = record
                .attributes_iter()
                .next()
                .map(|(_, value)| value.clone());
            let expected = "integration-tests/tests/tracing_idioms/fields.rs";
            assert_eq!(path, Some(expected.into()));
        },
    );
}
