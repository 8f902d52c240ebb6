//! Successful queries, and how their text is recorded.
#![expect(
    missing_docs,
    non_upper_case_globals,
    reason = "the names are those of tests, and say it"
)]

use otel_instrumentation::Sanitising;

use crate::each::Each;
use crate::scenario::{End, Scenario, Span, Step};

const INSERT: &str = "INSERT INTO stock (sku, name) VALUES ($1, $2)";
const SELECT: &str = "SELECT name FROM stock WHERE sku = $1";

pub static a_query_is_one_span_and_one_point: Scenario = Scenario {
    spans: Each::same(&[Span::of("INSERT stock", INSERT)]),
    ..Scenario::of(&[(
        Step::Execute((INSERT, &["A-4", "nail"])),
        Each::same(End::Rows(1)),
    )])
};

pub static a_query_of_several_rows_is_one_span: Scenario = Scenario {
    spans: Each::same(&[
        Span::of("SELECT stock", "SELECT name FROM stock WHERE sku <> $1"),
        Span::of("SELECT stock", SELECT),
    ]),
    ..Scenario::of(&[
        (
            Step::All(("SELECT name FROM stock WHERE sku <> $1", &["A-1"])),
            Each::same(End::Rows(2)),
        ),
        (Step::One((SELECT, &["A-1"])), Each::same(End::Rows(1))),
    ])
};

/// diesel does not tell.
pub static rows_are_counted_where_that_is_asked_for: Scenario = Scenario {
    config: |config| config.returned_rows(true),
    spans: Each::by_crate(
        &[
            Span {
                rows: Some(3),
                ..Span::of("SELECT stock", "SELECT name FROM stock")
            },
            Span {
                rows: Some(0),
                ..Span::of("SELECT stock", SELECT)
            },
        ],
        &[
            Span::of("SELECT stock", "SELECT name FROM stock"),
            Span::of("SELECT stock", SELECT),
        ],
    ),
    ..Scenario::of(&[
        (
            Step::All(("SELECT name FROM stock", &[])),
            Each::same(End::Rows(3)),
        ),
        (Step::One((SELECT, &["A-9"])), Each::same(End::NoRow)),
    ])
};

pub static no_row_is_no_failure: Scenario = Scenario {
    spans: Each::same(&[Span::of("SELECT stock", SELECT)]),
    ..Scenario::of(&[(Step::One((SELECT, &["A-9"])), Each::same(End::NoRow))])
};

pub static literals_go_where_nothing_is_bound: Scenario = Scenario {
    spans: Each::same(&[
        Span::of(
            "SELECT stock",
            "SELECT name FROM stock WHERE name = ? AND quantity > ?",
        ),
        Span::of("UPDATE stock", "UPDATE stock SET name = ? WHERE sku = ?"),
    ]),
    ..Scenario::of(&[
        (
            Step::All((
                "SELECT name FROM stock WHERE name = 'nut' AND quantity > 2",
                &[],
            )),
            Each::same(End::Rows(1)),
        ),
        (
            Step::Execute((
                "UPDATE stock SET name = ' -- binds: ' WHERE sku = 'A-1'",
                &[],
            )),
            Each::same(End::Rows(1)),
        ),
    ])
};

pub static literals_stay_where_something_is_bound: Scenario = Scenario {
    spans: Each::same(&[Span::of(
        "SELECT stock",
        "SELECT name FROM stock WHERE name <> 'bolt' AND quantity > 2 AND sku <> $1",
    )]),
    ..Scenario::of(&[(
        Step::All((
            "SELECT name FROM stock WHERE name <> 'bolt' AND quantity > 2 AND sku <> $1",
            &["A-3 -- binds: "],
        )),
        Each::same(End::Rows(2)),
    )])
};

pub static all_literals_go_where_that_is_asked_for: Scenario = Scenario {
    config: |config| config.sanitising(Sanitising::All),
    spans: Each::same(&[Span::of(
        "SELECT stock",
        "SELECT name FROM stock WHERE name <> ? AND sku <> $1",
    )]),
    ..Scenario::of(&[(
        Step::All((
            "SELECT name FROM stock WHERE name <> 'bolt' AND sku <> $1",
            &["A-3"],
        )),
        Each::same(End::Rows(1)),
    )])
};

pub static the_text_is_left_out_where_that_is_asked_for: Scenario = Scenario {
    config: |config| config.query_text(false),
    spans: Each::same(&[Span {
        text: None,
        ..Span::of("SELECT stock", "")
    }]),
    ..Scenario::of(&[(Step::One((SELECT, &["A-1"])), Each::same(End::Rows(1)))])
};

const ROWS: &str = "INSERT INTO stock (sku, name) VALUES ($1, $2), ($3, $4), ($5, $6)";

/// One statement, hence no `db.operation.batch.size`.
pub static rows_that_are_inserted_at_once_are_one_query: Scenario = Scenario {
    spans: Each::same(&[Span::of("INSERT stock", ROWS)]),
    ..Scenario::of(&[(
        Step::Execute((ROWS, &["B-1", "a", "B-2", "b", "B-3", "c"])),
        Each::same(End::Rows(3)),
    )])
};

/// No driver says how many statements a text has.
pub static a_batch_is_one_query: Scenario = Scenario {
    spans: Each::same(&[Span::of(
        "DELETE stock UPDATE stock",
        "DELETE FROM stock WHERE sku = ?; UPDATE stock SET quantity = ?",
    )]),
    ..Scenario::of(&[(
        Step::Batch("DELETE FROM stock WHERE sku = 'A-1'; UPDATE stock SET quantity = 0"),
        Each::same(End::Done),
    )])
};
