//! The program, run as its first lines say, on a server that `integration-tests/postgres` starts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::env;

use example_harness::{Program, attributes};
use otel_waterfall::{Kind, Status};

#[test]
fn every_query_is_a_span_also_one_that_fails() {
    let url = env::var("CONTRACT_POSTGRES_URL");
    let url = url.expect("integration-tests/postgres starts a server and says where it is");
    let variables = [("POSTGRES_URL", url.as_str())];
    let ended = Program::start(env!("CARGO_BIN_EXE_example-tokio-postgres"), &variables).end();
    let said: Vec<_> = ended.output.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0], "Ok(1)");
    assert!(said[1].starts_with("Err("), "{said:?}");
    let names = [
        "Client CREATE TABLE stock",
        "Client INSERT stock",
        "Client INSERT stock",
    ];
    assert_eq!(ended.names(), names);

    let port = url.rsplit(':').next().unwrap().split('/').next().unwrap();
    let database = [
        r#"db.namespace: Text("contract")"#.to_owned(),
        r#"db.system.name: Text("postgresql")"#.to_owned(),
        r#"server.address: Text("127.0.0.1")"#.to_owned(),
        format!("server.port: Integer({port})"),
    ];
    let with = |more: &[&str]| {
        let more = more.iter().map(|it| (*it).to_owned());
        let mut all: Vec<_> = database.iter().cloned().chain(more).collect();
        all.sort();
        all
    };
    let create = ended.span(Kind::Client, "CREATE TABLE stock");
    let text = "CREATE TEMPORARY TABLE stock (sku TEXT PRIMARY KEY, name TEXT)";
    let expected = with(&[
        r#"db.query.summary: Text("CREATE TABLE stock")"#,
        &format!("db.query.text: Text({text:?})"),
    ]);
    assert_eq!(attributes(create), expected);
    assert_eq!(create.status, Status::Unset);

    let inserts = ended.spans(Kind::Client, "INSERT stock");
    let text = "INSERT INTO stock (sku, name) VALUES ($1, 'nut')";
    let text = format!("db.query.text: Text({text:?})");
    let summary = r#"db.query.summary: Text("INSERT stock")"#;
    assert_eq!(attributes(inserts[0]), with(&[summary, &text]));
    assert_eq!(inserts[0].status, Status::Unset);
    let failed = with(&[
        summary,
        &text,
        r#"db.response.status_code: Text("23505")"#,
        r#"error.type: Text("23505")"#,
    ]);
    assert_eq!(attributes(inserts[1]), failed);
    assert_eq!(inserts[1].status, Status::Error);
    // The message of an error may contain values.
    assert_eq!(&*inserts[1].status_message, "");
}
