//! Prints how many megabytes of SQL the reader of `otel-instrumentation` processes per second.
//!
//! The reader is not public, so its sources are part of this program.

use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;

#[path = "../../../instrumentation/src/db/sql/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of another crate")]
mod sql;

use sql::ReadingOptions;
use sql::SqlDialect;

fn main() {
    print!("{:12} {:>7}", "MB/s", "bytes");
    for dialect in DIALECTS {
        print!(" {:>12}", format!("{dialect:?}"));
    }
    println!();
    for (name, statement) in statements() {
        print!("{name:12} {:7}", statement.len());
        for dialect in DIALECTS {
            let options = ReadingOptions {
                dialect,
                ..ReadingOptions::default()
            };
            let time = fastest(&statement, &options);
            let rate = statement.len() as f64 / time.as_secs_f64() / 1e6;
            print!(" {rate:12.0}");
        }
        println!();
    }
}

/// The time of one reading, in the fastest of many rounds.
fn fastest(statement: &str, options: &ReadingOptions) -> Duration {
    let round = || {
        let begun = Instant::now();
        for _ in 0..READINGS {
            black_box(sql::read(black_box(statement), black_box(options)));
        }
        begun.elapsed() / READINGS
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

/// Statements of 10 KiB, and one of ordinary size.
fn statements() -> [(&'static str, String); 6] {
    let short = "SELECT stock, reserved FROM inventory WHERE sku = 'AB-1234' AND warehouse = 17";
    let columns: Vec<_> = (0..300).map(|n| format!("o.column_{n} AS c{n}")).collect();
    let conditions: Vec<_> = (0..120)
        .map(|n| format!("(c.name LIKE '%value {n}%' AND o.amount > {n}.5)"))
        .collect();
    let rows: Vec<_> = (0..220)
        .map(|n| format!("({n}, 'customer {n}', 'street {n}', {n}.25, NULL)"))
        .collect();
    let list: Vec<_> = (0..1200).map(|n| format!("'{n:05}'")).collect();
    let union = "SELECT a.id, count(*) FROM orders a JOIN customers b ON a.customer_id = b.id \
                 WHERE a.created_at > now() - INTERVAL '7 days' GROUP BY a.id";
    [
        ("short", short.to_owned()),
        (
            "select",
            format!(
                "SELECT {} FROM orders o JOIN customers c ON o.customer_id = c.id WHERE {}",
                columns.join(", "),
                conditions.join(" OR "),
            ),
        ),
        (
            "insert",
            format!(
                "INSERT INTO customers (id, name, street, sum, note) VALUES {}",
                rows.join(", ")
            ),
        ),
        (
            "list",
            format!(
                "SELECT * FROM orders WHERE id IN ({}) ORDER BY id",
                list.join(", ")
            ),
        ),
        ("unions", vec![union; 60].join("\nUNION ALL\n")),
        (
            "one string",
            format!(
                "INSERT INTO documents VALUES ('{}')",
                "some text ".repeat(1024)
            ),
        ),
    ]
}

const DIALECTS: [SqlDialect; 5] = [
    SqlDialect::Unknown,
    SqlDialect::PostgreSql,
    SqlDialect::MySql,
    SqlDialect::Sqlite,
    SqlDialect::SqlServer,
];
const READINGS: u32 = 100;
const ROUNDS: usize = 100;
