//! Asserts exactly how many allocations are added to a query, so that one more is noticed.
//!
//! Most of them are diesel's own, which formats a query as text if it is asked. It is asked once,
//! and not at all if nothing is recorded.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::fmt::{self, Write};

use allocation_counter::measure;
use diesel::connection::SimpleConnection;
use diesel::debug_query;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation, Providers};

use self::support::open;
use self::support::stock::dsl::{name, sku, stock};

#[test]
fn a_query_costs_so_many_allocations() {
    let cases = [
        // The API allocates when it is asked whether it is a no-op.
        ("no SDK", Providers::global(), [1, 1]),
        // The span, its place in the context, and its attributes.
        ("sampled", dropping_providers(false), [3 + WRITTEN, 3]),
        // The list of labels is reused from query to query.
        ("measured", dropping_providers(true), [3 + WRITTEN, 3]),
    ];
    let query = stock.filter(sku.eq("A-1")).select(name);
    let written = cost(|| {
        let _ = write!(Nowhere, "{}", debug_query::<Sqlite, _>(&query));
    });
    assert_eq!(written, WRITTEN);

    let mut connection = open();
    let bare = CALLS.map(|call| cost(|| call(&mut connection)));
    for (setup, providers, expected) in cases {
        let config = DatabaseConfig::new().providers(providers);
        let mut connection = open();
        connection.set_instrumentation(OtelInstrumentation::with_config(config));
        let recorded = CALLS.map(|call| cost(|| call(&mut connection)));
        let pairs = recorded.into_iter().zip(bare);
        let added: Vec<_> = pairs.map(|(recorded, bare)| recorded - bare).collect();
        assert_eq!(added, expected, "{setup}");
    }
}

type Call = fn(&mut SqliteConnection);

const CALLS: [Call; 2] = [
    |connection| {
        let query = stock.filter(sku.eq("A-1")).select(name);
        assert_eq!(query.load::<String>(connection).unwrap(), ["nut"]);
    },
    |connection| {
        connection
            .batch_execute("UPDATE stock SET quantity = 1")
            .unwrap();
    },
];

/// Uses nothing but the text.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match piece {
            "[" => Err(fmt::Error),
            _ => Ok(()),
        }
    }
}

/// The text, which grows while it is written, a list of the bound values, and a box for each of
/// them.
const WRITTEN: i64 = 11;

/// After some warm-up calls.
fn cost(mut call: impl FnMut()) -> i64 {
    for _ in 0..5 {
        call();
    }
    let cost = measure(call).count_total;
    i64::try_from(cost).unwrap()
}
