//! The stock, in `SQLite`. Here lies the mistake of the story.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::inventory_api::{AvailableLine, Line};
use super::statement::Statement;

#[derive(Debug)]
pub(super) struct Database(Mutex<Connection>);

/// Why nothing was reserved.
#[derive(Debug)]
pub(super) enum Refusal {
    OutOfStock {
        sku: String,
    },
    /// Whoever asked for it has gone away.
    Abandoned,
    Database(rusqlite::Error),
}

impl Database {
    /// In memory, so that nothing is left on the disk.
    pub(super) fn open() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Asks for one line after the other, and each question reads the whole table: the N+1
    /// query. No question is slow enough to stand out by itself.
    ///
    /// Tells of each line that is in stock; a refusal in return is the end of it.
    pub(super) fn reserve(
        &self,
        lines: &[Line],
        mut tell: impl FnMut(AvailableLine) -> Result<(), Refusal>,
    ) -> Result<i64, Refusal> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;

        let mut taken = Vec::with_capacity(lines.len());
        for Line { sku, quantity } in lines {
            let article = SELECT_STOCK.observe(|text| {
                transaction
                    .query_one(text, [sku], |row| {
                        Ok(Article {
                            id: row.get(0)?,
                            available: row.get(1)?,
                            price_cents: row.get(2)?,
                        })
                    })
                    .optional()
            })?;
            let sku = sku.clone();
            let Some(article) = article.filter(|article| article.available >= *quantity) else {
                return Err(Refusal::OutOfStock { sku });
            };
            taken.push(json!({ "id": article.id, "quantity": quantity }));
            tell(AvailableLine {
                sku,
                value_cents: article.price_cents * i64::from(*quantity),
            })?;
        }

        let taken = json!(taken).to_string();
        UPDATE_STOCK.observe(|text| transaction.execute(text, params![taken, -1]))?;
        let reservation = INSERT_RESERVATION.observe(|text| {
            transaction.execute(text, [taken])?;
            Ok(transaction.last_insert_rowid())
        })?;
        transaction.commit()?;
        Ok(reservation)
    }

    /// Puts the goods back. One that is not there (any more) need not be released.
    pub(super) fn release(&self, reservation: i64) -> rusqlite::Result<()> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let taken: Option<String> = DELETE_RESERVATION.observe(|text| {
            transaction
                .query_one(text, [reservation], |row| row.get(0))
                .optional()
        })?;
        if let Some(taken) = taken {
            UPDATE_STOCK.observe(|text| transaction.execute(text, params![taken, 1]))?;
        }
        transaction.commit()
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

struct Article {
    id: i64,
    available: u32,
    price_cents: i64,
}

const SELECT_STOCK: Statement = Statement {
    operation: "SELECT",
    collection: "stock",
    summary: "SELECT stock",
    text: "SELECT id, available, price_cents FROM stock WHERE sku = ?1",
};

/// One statement for the whole basket: what the select should have been.
const UPDATE_STOCK: Statement = Statement {
    operation: "UPDATE",
    collection: "stock",
    summary: "UPDATE stock",
    text: "UPDATE stock SET available = available + ?2 * taken.quantity \
           FROM (SELECT value->>'id' AS id, sum(value->>'quantity') AS quantity \
           FROM json_each(?1) GROUP BY 1) AS taken WHERE stock.id = taken.id",
};

const INSERT_RESERVATION: Statement = Statement {
    operation: "INSERT",
    collection: "reservation",
    summary: "INSERT reservation",
    text: "INSERT INTO reservation (taken) VALUES (?1)",
};

const DELETE_RESERVATION: Statement = Statement {
    operation: "DELETE",
    collection: "reservation",
    summary: "DELETE reservation",
    text: "DELETE FROM reservation WHERE id = ?1 RETURNING taken",
};

/// `sku` has no index, and nothing says that it is unique: to find one article is to read all.
const SCHEMA: &str = "
    CREATE TABLE stock (
        id INTEGER PRIMARY KEY,
        sku TEXT NOT NULL,
        available INTEGER NOT NULL CHECK (available >= 0),
        price_cents INTEGER NOT NULL
    );
    CREATE TABLE reservation (id INTEGER PRIMARY KEY, taken TEXT NOT NULL);
    WITH RECURSIVE article (number) AS (
        SELECT 1 UNION ALL SELECT number + 1 FROM article WHERE number < 60000
    )
    INSERT INTO stock (sku, available, price_cents)
    SELECT 'article-' || number, 1000000, 199 + number * 37 % 5000 FROM article;
";

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, u32)]) -> Vec<Line> {
        let line = |(sku, quantity): &(&str, u32)| Line {
            sku: (*sku).to_owned(),
            quantity: *quantity,
        };
        lines.iter().map(line).collect()
    }

    fn available(database: &Database, sku: &str) -> i64 {
        let connection = database.0.lock().unwrap();
        let text = "SELECT available FROM stock WHERE sku = ?1";
        connection.query_one(text, [sku], |row| row.get(0)).unwrap()
    }

    #[test]
    fn reservation_takes_the_goods_and_release_puts_them_back_once() {
        let database = Database::open().unwrap();
        let basket = lines(&[("article-1", 2), ("article-2", 1), ("article-1", 3)]);
        let mut values = Vec::new();
        let tell = |line: AvailableLine| {
            values.push(line.value_cents);
            Ok(())
        };
        let reservation = database.reserve(&basket, tell).unwrap();
        assert_eq!(values, [2 * 236, 273, 3 * 236]);
        assert_eq!(available(&database, "article-1"), 999_995);
        assert_eq!(available(&database, "article-2"), 999_999);

        for _ in 0..2 {
            database.release(reservation).unwrap();
            assert_eq!(available(&database, "article-1"), 1_000_000);
            assert_eq!(available(&database, "article-2"), 1_000_000);
        }
    }

    #[test]
    fn nothing_is_taken_if_one_line_is_out_of_stock() {
        let database = Database::open().unwrap();
        for refused in [("article-2", 1_000_001), ("no such article", 1)] {
            let refusal = database.reserve(&lines(&[("article-1", 1), refused]), |_| Ok(()));
            let Err(Refusal::OutOfStock { sku }) = refusal else {
                panic!("{refusal:?}");
            };
            assert_eq!(sku, refused.0);
            assert_eq!(available(&database, "article-1"), 1_000_000);
        }
    }
    #[test]
    fn nothing_is_taken_if_nobody_waits_for_it() {
        let database = Database::open().unwrap();
        let basket = lines(&[("article-1", 1), ("article-2", 1)]);
        let mut told = 0;
        let refusal = database.reserve(&basket, |_| {
            told += 1;
            Err(Refusal::Abandoned)
        });
        assert!(matches!(refusal, Err(Refusal::Abandoned)), "{refusal:?}");
        assert_eq!(told, 1);
        assert_eq!(available(&database, "article-1"), 1_000_000);
    }
}
