//! Transactions and savepoints: each of their statements is a span.
#![expect(
    missing_docs,
    non_upper_case_globals,
    reason = "the names are those of tests, and say it"
)]

use crate::each::Each;
use crate::scenario::{End, Scenario, Span, Step, TransactionEnd};

const DELETE: &str = "DELETE FROM stock WHERE sku = $1";
const DELETED: Span = Span::of("DELETE stock", DELETE);
const COUNT: &str = "SELECT name FROM stock WHERE sku <> $1";
const COUNTED: Span = Span::of("SELECT stock", COUNT);
const BEGIN: Span = Span::word("BEGIN");
const COMMIT: Span = Span::word("COMMIT");
const ROLLBACK: Span = Span::word("ROLLBACK");

/// Counts the rows that are left.
const fn left(rows: u64) -> (Step, Each<End>) {
    (Step::All((COUNT, &[""])), Each::same(End::Rows(rows)))
}

pub static a_transaction_is_committed: Scenario = Scenario {
    spans: Each::same(&[BEGIN, DELETED, DELETED, COMMIT, COUNTED]),
    ..Scenario::of(&[
        (
            Step::Transaction(
                &[
                    Step::Execute((DELETE, &["A-1"])),
                    Step::Execute((DELETE, &["A-2"])),
                ],
                TransactionEnd::Committed,
            ),
            Each::same(End::Rows(2)),
        ),
        left(1),
    ])
};

pub static a_transaction_is_rolled_back: Scenario = Scenario {
    spans: Each::same(&[BEGIN, DELETED, ROLLBACK, COUNTED]),
    ..Scenario::of(&[
        (
            Step::Transaction(
                &[Step::Execute((DELETE, &["A-1"]))],
                TransactionEnd::RolledBack,
            ),
            Each::same(End::Rows(1)),
        ),
        left(3),
    ])
};

/// sqlx rolls it back later and does not report it. diesel's transaction ends with its connection.
pub static a_transaction_is_dropped: Scenario = Scenario {
    spans: Each::same(&[BEGIN, DELETED]),
    ..Scenario::of(&[(
        Step::Transaction(
            &[Step::Execute((DELETE, &["A-1"]))],
            TransactionEnd::Dropped,
        ),
        Each::same(End::Rows(1)),
    )])
};

/// The drivers name their savepoints differently.
pub static transactions_are_nested: Scenario = Scenario {
    spans: Each::by_crate(
        &[
            BEGIN,
            Span::of("SAVEPOINT", "SAVEPOINT _sqlx_savepoint_1"),
            DELETED,
            Span::of("RELEASE", "RELEASE SAVEPOINT _sqlx_savepoint_1"),
            Span::of("SAVEPOINT", "SAVEPOINT _sqlx_savepoint_1"),
            DELETED,
            Span::of("ROLLBACK", "ROLLBACK TO SAVEPOINT _sqlx_savepoint_1"),
            COMMIT,
            COUNTED,
        ],
        &[
            BEGIN,
            Span::of("SAVEPOINT", "SAVEPOINT diesel_savepoint_1"),
            DELETED,
            Span::of("RELEASE", "RELEASE SAVEPOINT diesel_savepoint_1"),
            Span::of("SAVEPOINT", "SAVEPOINT diesel_savepoint_1"),
            DELETED,
            Span::of("ROLLBACK", "ROLLBACK TO SAVEPOINT diesel_savepoint_1"),
            COMMIT,
            COUNTED,
        ],
    ),
    ..Scenario::of(&[
        (
            Step::Transaction(
                &[
                    Step::Transaction(
                        &[Step::Execute((DELETE, &["A-1"]))],
                        TransactionEnd::Committed,
                    ),
                    Step::Transaction(
                        &[Step::Execute((DELETE, &["A-2"]))],
                        TransactionEnd::RolledBack,
                    ),
                ],
                TransactionEnd::Committed,
            ),
            Each::same(End::Rows(2)),
        ),
        left(2),
    ])
};
