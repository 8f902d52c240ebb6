//! The programs, run as their first lines say.

use example_harness::{Ended, Program};
use otel_waterfall::Kind;

#[test]
fn queries_of_sqlx_are_below_their_caller() {
    let ended = Program::start(env!("CARGO_BIN_EXE_sqlx"), &[]).end();
    // On a slow machine the wait for the connection shows as a span within the query.
    let mut found = ended.names();
    found.retain(|name| name != "Internal acquire");
    let names = [
        "Client BEGIN",
        "Client COMMIT",
        "Client CREATE TABLE stock",
        "Client INSERT stock",
        "Client SELECT stock",
        "Client UPDATE stock",
        "Internal sell",
    ];
    assert_eq!(found, names);
    assert_below_sell(&ended, ["BEGIN", "UPDATE stock", "SELECT stock", "COMMIT"]);
}

#[test]
fn queries_of_diesel_are_below_their_caller() {
    let ended = Program::start(env!("CARGO_BIN_EXE_diesel"), &[]).end();
    let names = [
        "Client BEGIN",
        "Client COMMIT",
        "Client CREATE TABLE stock",
        "Client INSERT `stock`",
        "Client SELECT `stock`",
        "Client UPDATE `stock`",
        "Internal sell",
    ];
    assert_eq!(ended.names(), names);
    assert_below_sell(
        &ended,
        ["BEGIN", "UPDATE `stock`", "SELECT `stock`", "COMMIT"],
    );
}

fn assert_below_sell(ended: &Ended, queries: [&str; 4]) {
    assert_eq!(ended.output, "2 left\n");
    let sell = ended.span(Kind::Internal, "sell");
    for query in queries {
        let query = ended.span(Kind::Client, query);
        assert_eq!(query.parent_span_id, Some(sell.span_id), "{query:?}");
    }
}
