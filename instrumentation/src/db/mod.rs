//! How queries of databases begin (semantic conventions 1.45.0, `docs/db`).

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "nothing starts a query of a database yet")
)]
mod sql;

pub use self::sql::SqlDialect;
