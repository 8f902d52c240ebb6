//! Calls in other contexts.
#![expect(
    missing_docs,
    non_upper_case_globals,
    reason = "the names are those of tests, and say it"
)]

use crate::each::Each;
use crate::scenario::{End, Scenario, Span, Step, Surroundings, TransactionEnd};

const SELECT: &str = "SELECT name FROM stock WHERE sku = $1";
const INSERT: &str = "INSERT INTO stock (sku, name) VALUES ($1, $2)";

pub static the_parent_across_spawn_blocking: Scenario = Scenario {
    surroundings: Surroundings::SpawnBlocking,
    spans: Each::same(&[Span::of("SELECT stock", SELECT)]),
    ..Scenario::of(&[(Step::One((SELECT, &["A-1"])), Each::same(End::Rows(1)))])
};

/// One of each kind of call, all of which must still work.
const DONE: &[(Step, Each<End>)] = &[
    (Step::One((SELECT, &["A-1"])), Each::same(End::Rows(1))),
    (
        Step::Rows(("SELECT name FROM stock", &[]), Some(1)),
        Each::same(End::Rows(1)),
    ),
    (
        Step::Execute((INSERT, &["A-1", "nail"])),
        Each::same(End::Failed),
    ),
    (
        Step::Transaction(
            &[Step::Execute(("DELETE FROM stock", &[]))],
            TransactionEnd::Committed,
        ),
        Each::same(End::Rows(3)),
    ),
];

pub static without_an_sdk: Scenario = Scenario {
    surroundings: Surroundings::WithoutSdk,
    ..Scenario::of(DONE)
};

pub static suppressed: Scenario = Scenario {
    surroundings: Surroundings::Suppressed,
    ..Scenario::of(DONE)
};
