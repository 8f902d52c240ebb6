//! What differs between drivers, as data.

/// One value for each driver.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a new driver has to say what it does"
)]
pub struct Each<T> {
    /// sqlx on SQLite.
    pub sqlx_sqlite: T,
    /// sqlx on PostgreSQL.
    pub sqlx_postgres: T,
    /// diesel on SQLite.
    pub diesel_sqlite: T,
}

impl<T: Copy> Each<T> {
    /// They do not differ.
    #[must_use]
    pub const fn same(value: T) -> Self {
        Self::by_crate(value, value)
    }

    /// A value that depends on the crate, not on the database.
    #[must_use]
    pub const fn by_crate(sqlx: T, diesel: T) -> Self {
        Self {
            sqlx_sqlite: sqlx,
            sqlx_postgres: sqlx,
            diesel_sqlite: diesel,
        }
    }
}
