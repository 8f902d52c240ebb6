//! diesel-async on PostgreSQL, where a future can be dropped during its query. Run by
//! `integration-tests/postgres`.
//!
//! diesel reports when a query is called and when it has ended. A query that is given up stays open
//! and ends with its connection, without an error. No error has a code of the database.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

use std::env;
use std::time::SystemTime;

use diesel::sql_query;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::poll;
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState,
};
use opentelemetry::{Context, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::DatabaseConfig;
use otel_instrumentation::testing::{Capture, by_name};
use otel_middleware_diesel::OtelInstrumentation;
use tokio::sync::oneshot;

/// The steps, each within its own request, and what is recorded before and after the connection is
/// closed.
struct Case {
    steps: &'static [Step],
    before: &'static [Recorded],
    after: &'static [Recorded],
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The call ends.
    Ended(&'static str),
    /// Fails with an error of the database.
    Failed(&'static str),
    /// Drops the future after one poll.
    GivenUp(&'static str),
    /// Drops the future before it is polled.
    NeverPolled(&'static str),
    /// Drops the future of a transaction that waits for this.
    TransactionGivenUp(&'static str),
}

/// The text, the error, and the step whose request it belongs to.
type Recorded = (&'static str, Option<&'static str>, u8);

const CASES: &[Case] = &[
    Case {
        steps: &[Step::Ended(UPDATE)],
        before: &[(UPDATE, None, 1)],
        after: &[],
    },
    Case {
        steps: &[Step::GivenUp(SLOW)],
        before: &[],
        after: &[(SLOW, None, 1)],
    },
    // diesel-async reports it when it is called.
    Case {
        steps: &[Step::NeverPolled(SLOW)],
        before: &[],
        after: &[(SLOW, None, 1)],
    },
    // The connection is usable, and the end of the next query is not taken for that of the first.
    Case {
        steps: &[Step::GivenUp(SLOW), Step::Ended(UPDATE)],
        before: &[(UPDATE, None, 2)],
        after: &[(SLOW, None, 1)],
    },
    Case {
        steps: &[
            Step::GivenUp(UPDATE),
            Step::Ended(UPDATE),
            Step::NeverPolled(UPDATE),
            Step::Ended(UPDATE),
        ],
        before: &[(UPDATE, None, 2), (UPDATE, None, 4)],
        after: &[(UPDATE, None, 1), (UPDATE, None, 3)],
    },
    Case {
        steps: &[Step::GivenUp(SLOW), Step::Failed(INSERT)],
        before: &[(INSERT, Some("unique_violation"), 2)],
        after: &[(SLOW, None, 1)],
    },
    // PostgreSQL rolls back by itself when the connection is closed.
    Case {
        steps: &[Step::TransactionGivenUp(ENDLESS)],
        before: &[("BEGIN", None, 1)],
        after: &[(ENDLESS, None, 1)],
    },
];

#[tokio::test]
async fn a_query_that_is_given_up_ends_with_its_connection() {
    for case in CASES {
        let capture = Capture::new();
        let mut connection = open(&capture).await;
        for (step, request) in case.steps.iter().zip(1..) {
            take(*step, &mut connection)
                .with_context(within(request))
                .await;
        }
        let before = capture.spans();
        check(&before, case.before, case.steps);
        let end = SystemTime::now();
        drop(connection);
        let spans = capture.spans();
        let after = spans.get(before.len()..).unwrap();
        check(after, case.after, case.steps);
        assert!(after.iter().all(|span| span.end_time >= end), "{after:#?}");
        let points = capture.points("db.client.operation.duration");
        let count: u64 = points.iter().map(|point| point.count).sum();
        assert_eq!(count, spans.len() as u64);
        assert!(!format!("{spans:?} {points:?}").contains("canary"));
    }
}

async fn take(step: Step, connection: &mut AsyncPgConnection) {
    let query = |text| sql_query(text).bind::<Text, _>("canary");
    match step {
        Step::Ended(text) => {
            query(text).execute(connection).await.unwrap();
        }
        Step::Failed(text) => {
            query(text).execute(connection).await.unwrap_err();
        }
        Step::GivenUp(text) => {
            let mut call = Box::pin(query(text).execute(connection));
            assert!(poll!(call.as_mut()).is_pending());
        }
        Step::NeverPolled(text) => drop(query(text).execute(connection)),
        Step::TransactionGivenUp(text) => {
            let (tell, is_told) = oneshot::channel();
            let transaction = connection.transaction(async |connection| {
                let mut call = Box::pin(query(text).execute(connection));
                assert!(poll!(call.as_mut()).is_pending());
                tell.send(()).unwrap();
                call.await
            });
            tokio::select! {
                result = transaction => panic!("{result:?}"),
                told = is_told => told.unwrap(),
            }
        }
    }
}

/// The spans, each with all of its attributes, in the order of their ends.
fn check(found: &[SpanData], expected: &[Recorded], steps: &[Step]) {
    let found = found.iter().map(|span| {
        assert_eq!(span.span_kind, SpanKind::Client);
        let attributes = by_name(&span.attributes);
        (attributes, span.status.clone(), span.parent_span_id)
    });
    let expected = expected.iter().map(|(text, error, request)| {
        let status = match error {
            Some(_) => Status::error(""),
            None => Status::Unset,
        };
        (
            attributes(text, *error),
            status,
            SpanId::from_bytes([*request; 8]),
        )
    });
    let (found, expected): (Vec<_>, Vec<_>) = (found.collect(), expected.collect());
    assert_eq!(found, expected, "{steps:?}");
}

fn attributes(text: &'static str, error: Option<&'static str>) -> Vec<(String, Value)> {
    let summary = SUMMARIES.iter().find(|(known, _)| *known == text);
    let texts = [
        ("db.namespace", "contract"),
        (
            "db.query.summary",
            summary.map_or(text, |(_, summary)| summary),
        ),
        ("db.query.text", text),
        ("db.system.name", "postgresql"),
        ("server.address", "127.0.0.1"),
    ];
    let texts = texts.into_iter().chain(error.map(|it| ("error.type", it)));
    let mut all: Vec<_> = texts
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let url = url();
    let port = url.rsplit([':', '/']).nth(1).unwrap();
    let port: i64 = port.parse().unwrap();
    all.push(("server.port".to_owned(), port.into()));
    all.sort_by(|left, right| left.0.cmp(&right.0));
    all
}

async fn open(capture: &Capture) -> AsyncPgConnection {
    let mut connection = AsyncPgConnection::establish(&url()).await.unwrap();
    let create =
        "CREATE TEMPORARY TABLE stock (sku TEXT PRIMARY KEY); INSERT INTO stock VALUES ('canary')";
    connection.batch_execute(create).await.unwrap();
    let config = DatabaseConfig::new().providers(capture.providers());
    let instrumentation = OtelInstrumentation::with_config(config).database_url(&url());
    connection.set_instrumentation(instrumentation);
    connection
}

fn url() -> String {
    let url = env::var("CONTRACT_POSTGRES_URL");
    url.expect("integration-tests/postgres starts a server and says where it is")
}

/// A request of another service.
fn within(request: u8) -> Context {
    Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from_bytes([request; 16]),
        SpanId::from_bytes([request; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    ))
}

const UPDATE: &str = "UPDATE stock SET sku = sku WHERE sku = $1";
const INSERT: &str = "INSERT INTO stock VALUES ($1)";
const SLOW: &str = "SELECT count(*) FROM generate_series(1, 100000) WHERE $1 <> ''";
/// Until the server ends.
const ENDLESS: &str = "SELECT sku FROM stock, pg_sleep(3600) WHERE sku = $1";

const SUMMARIES: [(&str, &str); 4] = [
    (UPDATE, "UPDATE stock"),
    (INSERT, "INSERT stock"),
    (SLOW, "SELECT"),
    (ENDLESS, "SELECT stock"),
];
