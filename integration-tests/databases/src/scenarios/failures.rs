//! Failures of a query, and errors that are none.
#![expect(
    missing_docs,
    non_upper_case_globals,
    reason = "the names are those of tests, and say it"
)]

use std::time::Duration;

use crate::each::Each;
use crate::scenario::{End, Error, Fact, Scenario, Span, Step};

const INSERT: &str = "INSERT INTO stock (sku, name) VALUES ($1, $2)";
const SELECT: &str = "SELECT name FROM stock WHERE sku = $1";
const FAILED: Each<End> = Each::same(End::Failed);
const PANICKED: Each<End> = Each::same(End::Panicked);

/// PostgreSQL has one code for both, SQLite has two, and diesel hides the codes.
pub static a_primary_key_is_violated: Scenario = Scenario {
    spans: Each {
        sqlx_sqlite: &[Span::of("INSERT stock", INSERT).failed(Error::Code("1555"))],
        sqlx_postgres: &[Span::of("INSERT stock", INSERT).failed(Error::Code("23505"))],
        diesel_sqlite: &[Span::of("INSERT stock", INSERT).failed(Error::Class("unique_violation"))],
    },
    ..Scenario::of(&[(Step::Execute((INSERT, &["A-1", "nail"])), FAILED)])
};

pub static a_unique_index_is_violated: Scenario = Scenario {
    spans: Each {
        sqlx_sqlite: &[Span::of("INSERT stock", INSERT).failed(Error::Code("2067"))],
        sqlx_postgres: &[Span::of("INSERT stock", INSERT).failed(Error::Code("23505"))],
        diesel_sqlite: &[Span::of("INSERT stock", INSERT).failed(Error::Class("unique_violation"))],
    },
    ..Scenario::of(&[(Step::Execute((INSERT, &["A-9", "nut"])), FAILED)])
};

pub static a_syntax_error: Scenario = Scenario {
    spans: Each {
        sqlx_sqlite: &[Span::of("SELECT", "SELECT , ?").failed(Error::Code("1"))],
        sqlx_postgres: &[Span::of("SELECT", "SELECT , ?").failed(Error::Code("42601"))],
        diesel_sqlite: &[Span::of("SELECT", "SELECT , ?").failed(Error::Class("_OTHER"))],
    },
    ..Scenario::of(&[(Step::All(("SELECT , 'x'", &[])), FAILED)])
};

const MISSING: Span = Span::of("SELECT missing", "SELECT name FROM missing");

pub static a_missing_table: Scenario = Scenario {
    spans: Each {
        sqlx_sqlite: &[MISSING.failed(Error::Code("1"))],
        sqlx_postgres: &[MISSING.failed(Error::Code("42P01"))],
        diesel_sqlite: &[MISSING.failed(Error::Class("_OTHER"))],
    },
    ..Scenario::of(&[(Step::All(("SELECT name FROM missing", &[])), FAILED)])
};

pub static the_message_of_an_error_is_told_where_that_is_asked_for: Scenario = Scenario {
    config: |config| config.error_messages(true),
    spans: Each {
        sqlx_sqlite: &[Span {
            message: "no such table: missing",
            ..MISSING.failed(Error::Code("1"))
        }],
        sqlx_postgres: &[Span {
            message: "relation \"missing\" does not exist",
            ..MISSING.failed(Error::Code("42P01"))
        }],
        diesel_sqlite: &[Span {
            message: "no such table: missing",
            ..MISSING.failed(Error::Class("_OTHER"))
        }],
    },
    ..Scenario::of(&[(Step::All(("SELECT name FROM missing", &[])), FAILED)])
};

const NAMES: Span = Span::of("SELECT stock", "SELECT name FROM stock");

/// The driver notices it after the query has ended.
pub static a_row_that_does_not_fit_is_no_failure_of_the_query: Scenario = Scenario {
    spans: Each::same(&[NAMES]),
    ..Scenario::of(&[(
        Step::Misfit("SELECT name FROM stock"),
        Each::same(End::Misfit),
    )])
};

pub static a_panic_while_rows_are_streamed: Scenario = Scenario {
    spans: Each::same(&[NAMES.failed(Error::Class("panic"))]),
    ..Scenario::of(&[(Step::PanicInStream("SELECT name FROM stock"), PANICKED)])
};

/// sqlx's query has ended by then. On SQLite, diesel reads rows one by one, also if all are asked
/// for.
pub static a_panic_over_one_row: Scenario = Scenario {
    spans: Each::by_crate(&[NAMES], &[NAMES.failed(Error::Class("panic"))]),
    ..Scenario::of(&[(Step::PanicOverOne("SELECT name FROM stock"), PANICKED)])
};

/// The wait is part of the query. diesel does not report pools, and there is no query.
pub static an_exhausted_pool: Scenario = Scenario {
    config: |config| config.acquire_threshold(Duration::from_millis(1)),
    spans: Each::by_crate(
        &[
            Span::acquire(Error::Class("pool_timeout")),
            Span::of("SELECT stock", SELECT).failed(Error::Class("pool_timeout")),
        ],
        &[],
    ),
    ..Scenario::of(&[(Step::Exhausted((SELECT, &["A-1"])), FAILED)])
};

/// sqlx's pool retries a server that refuses connections until its timeout. SQLite answers that the
/// file cannot be opened. diesel has no connection that could report anything.
pub static a_server_that_is_not_there: Scenario = Scenario {
    spans: Each {
        sqlx_sqlite: &[Span::of("SELECT stock", SELECT).failed(Error::Code("14"))],
        sqlx_postgres: &[Span::of("SELECT stock", SELECT).failed(Error::Class("pool_timeout"))],
        diesel_sqlite: &[],
    },
    database: Some(Each {
        sqlx_sqlite: &[
            Fact::Text("db.system.name", "sqlite"),
            Fact::Text("db.namespace", "stock.db"),
        ],
        sqlx_postgres: &[
            Fact::Text("db.system.name", "postgresql"),
            Fact::Text("db.namespace", "shop"),
            Fact::Text("server.address", "127.0.0.1"),
            Fact::Number("server.port", 1),
        ],
        diesel_sqlite: &[],
    }),
    ..Scenario::of(&[(Step::Unreachable((SELECT, &["A-1"])), FAILED)])
};
