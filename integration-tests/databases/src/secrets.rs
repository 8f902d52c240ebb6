//! What nobody may read: bound values, the literals of a text to which nothing is bound, what errors
//! say, and passwords.

use otel_instrumentation::DatabaseConfig;
use otel_instrumentation::testing::Capture;

use crate::driver::Driver;
use crate::scenario::{End, Step};

/// With the default settings, no span, point or `Debug` output has a canary in it.
pub async fn no_value_gets_anywhere<D: Driver>() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().providers(capture.providers());
    let mut driver = D::open(config).await;
    let mut outputs = driver.printed();
    for (step, end) in CALLS {
        let found = driver.step(step).await;
        assert_eq!(found, *end, "{step:?}");
    }
    let spans = capture.spans();
    // Some drivers have no span if there was no connection.
    assert!(spans.len() >= CALLS.len() - 2, "{spans:?}");
    outputs.push(format!("{spans:?}"));
    for name in capture.metric_names() {
        outputs.push(format!("{:?}", capture.points(&name)));
    }
    for output in outputs {
        assert!(!output.contains("canary"), "{output}");
    }
}

const INSERT: &str = "INSERT INTO stock (sku, name) VALUES ($1, $2)";

static CALLS: &[(Step, End)] = &[
    (
        Step::Execute((INSERT, &["canary", "canary -- binds: [\"canary\"]"])),
        End::Rows(1),
    ),
    // The server's error quotes the value.
    (
        Step::Execute((INSERT, &["canary", "]canary -- binds: "])),
        End::Failed,
    ),
    (
        Step::All((
            "SELECT name FROM stock WHERE name <> ' -- binds: ' AND sku <> $1",
            &["' -- binds: [canary]"],
        )),
        End::Rows(4),
    ),
    (
        Step::All((
            "SELECT name FROM stock WHERE sku <> 'canary' AND name <> ' -- binds: canary' -- canary",
            &[],
        )),
        End::Rows(3),
    ),
    (
        Step::Rows(("SELECT name FROM stock WHERE sku = 'canary'", &[]), None),
        End::Rows(1),
    ),
    (
        Step::Batch("DELETE FROM stock WHERE sku = 'canary'; SELECT 'canary'"),
        End::Done,
    ),
    (
        Step::Batch("INSERT INTO missing VALUES ('canary')"),
        End::Failed,
    ),
    (Step::All(("SELECT 'canary' FRO 'canary", &[])), End::Failed),
    // The URL of the database has a password.
    (
        Step::Unreachable((INSERT, &["canary", "canary"])),
        End::Failed,
    ),
    (
        Step::Exhausted((INSERT, &["canary", "canary"])),
        End::Failed,
    ),
];
