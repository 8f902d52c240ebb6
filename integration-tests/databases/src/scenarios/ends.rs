//! How calls and streams end if the caller does not wait for their end.
#![expect(
    missing_docs,
    non_upper_case_globals,
    reason = "the names are those of tests, and say it"
)]

use crate::each::Each;
use crate::scenario::{End, Scenario, Span, Step};

const SELECT: &str = "SELECT name FROM stock WHERE sku = $1";

/// A query that takes its time.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(name) AS name FROM stock, n";

const SLOW_RECORDED: &str = "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + ? FROM n WHERE i < ?) SELECT max(name) AS name FROM stock, n";

/// It is no error. With diesel it is a query of `SyncConnectionWrapper`: dropping its future waits
/// for the query.
pub static a_future_that_is_dropped: Scenario = Scenario {
    spans: Each::same(&[Span::of("SELECT SELECT SELECT stock", SLOW_RECORDED)]),
    ..Scenario::of(&[(Step::GivenUp(SLOW), Each::same(End::GivenUp))])
};

/// There is one span and one point, which begin with the call. diesel's pools wait before there is
/// a query.
pub static a_wait_that_is_given_up: Scenario = Scenario {
    spans: Each::by_crate(&[Span::of("SELECT stock", SELECT)], &[]),
    ..Scenario::of(&[(
        Step::WaitGivenUp((SELECT, &["A-1"])),
        Each::by_crate(End::GivenUp, End::Failed),
    )])
};

/// diesel-async's `SyncConnectionWrapper` sends a query when it is called, before it is polled.
pub static what_is_never_polled: Scenario = Scenario {
    spans: Each::by_crate(&[], &[Span::of("SELECT stock", SELECT)]),
    ..Scenario::of(&[(
        Step::NeverPolled((SELECT, &["A-1"])),
        Each::same(End::GivenUp),
    )])
};

pub static a_stream_to_its_end: Scenario = Scenario {
    config: |config| config.returned_rows(true),
    spans: Each::by_crate(
        &[Span {
            rows: Some(3),
            ..Span::of("SELECT stock", "SELECT name FROM stock")
        }],
        &[Span::of("SELECT stock", "SELECT name FROM stock")],
    ),
    ..Scenario::of(&[(
        Step::Rows(("SELECT name FROM stock", &[]), None),
        Each::same(End::Rows(3)),
    )])
};

/// The connection can be used for the next query.
pub static a_stream_that_is_dropped_half_way: Scenario = Scenario {
    config: |config| config.returned_rows(true),
    spans: Each::by_crate(
        &[
            Span {
                rows: Some(1),
                ..Span::of("SELECT stock", "SELECT name FROM stock")
            },
            Span {
                rows: Some(1),
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
            Step::Rows(("SELECT name FROM stock", &[]), Some(1)),
            Each::same(End::Rows(1)),
        ),
        (Step::One((SELECT, &["A-1"])), Each::same(End::Rows(1))),
    ])
};
