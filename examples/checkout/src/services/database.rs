//! The stock, in `SQLite`. It contains the mistake of the story.

use otel_middleware_sqlx::SqlitePool;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::inventory_api::{AvailableLine, Line};

#[derive(Debug)]
pub(super) struct Database(SqlitePool);

/// Why nothing was reserved.
#[derive(Debug)]
pub(super) enum Refusal {
    OutOfStock {
        sku: String,
    },
    /// The caller has gone away.
    Abandoned,
    Database(sqlx::Error),
}

impl Database {
    /// In memory, so that no files are left behind.
    pub(super) async fn open() -> sqlx::Result<Self> {
        // Each connection would have its own database, which disappears with it.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(SqliteConnectOptions::new().in_memory(true))
            .await?;
        // Before it is wrapped: the setup of the stock belongs to no request.
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self(pool.into()))
    }

    /// Queries one line after the other, and each query reads the whole table: the N+1 problem. No
    /// single query is slow enough to stand out.
    ///
    /// Reports each line that is in stock. If a line is refused, it stops.
    pub(super) async fn reserve(
        &self,
        lines: &[Line],
        mut tell: impl FnMut(AvailableLine) -> Result<(), Refusal>,
    ) -> Result<i64, Refusal> {
        let mut transaction = self.0.begin().await?;

        let mut taken = Vec::with_capacity(lines.len());
        for Line { sku, quantity } in lines {
            let select = sqlx::query_as(SELECT_STOCK).bind(sku);
            let articles: Vec<(i64, u32, i64)> = select.fetch_all(&mut *transaction).await?;
            let mut articles = articles.into_iter();
            let sku = sku.clone();
            let article = articles.find(|(_, available, _)| available >= quantity);
            let Some((id, _, price_cents)) = article else {
                transaction.rollback().await?;
                return Err(Refusal::OutOfStock { sku });
            };
            taken.push(json!({ "id": id, "quantity": quantity }));
            tell(AvailableLine {
                sku,
                value_cents: price_cents * i64::from(*quantity),
            })?;
        }

        let taken = json!(taken).to_string();
        let update = sqlx::query(UPDATE_STOCK).bind(&taken).bind(-1);
        update.execute(&mut *transaction).await?;
        let insert = sqlx::query(INSERT_RESERVATION).bind(&taken);
        let reservation = insert.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(reservation.last_insert_rowid())
    }

    /// Puts the goods back. A reservation that does not exist (any more) is ignored.
    pub(super) async fn release(&self, reservation: i64) -> sqlx::Result<()> {
        let mut transaction = self.0.begin().await?;
        let taken: Option<String> = sqlx::query_scalar(DELETE_RESERVATION)
            .bind(reservation)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(taken) = taken {
            let update = sqlx::query(UPDATE_STOCK).bind(taken).bind(1);
            update.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

const SELECT_STOCK: &str = "SELECT id, available, price_cents FROM stock WHERE sku = ?1";

/// One statement for the whole basket. The select should be like it.
const UPDATE_STOCK: &str = "UPDATE stock SET available = available + ?2 * taken.quantity \
    FROM (SELECT value->>'id' AS id, sum(value->>'quantity') AS quantity \
    FROM json_each(?1) GROUP BY 1) AS taken WHERE stock.id = taken.id";

const INSERT_RESERVATION: &str = "INSERT INTO reservation (taken) VALUES (?1)";

const DELETE_RESERVATION: &str = "DELETE FROM reservation WHERE id = ?1 RETURNING taken";

/// `sku` has no index and is not declared unique: each lookup reads the whole table.
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

    async fn available(database: &Database, sku: &str) -> i64 {
        let query = sqlx::query_scalar("SELECT available FROM stock WHERE sku = ?1").bind(sku);
        query.fetch_one(&database.0).await.unwrap()
    }

    #[tokio::test]
    async fn reservation_takes_the_goods_and_release_puts_them_back_once() {
        let database = Database::open().await.unwrap();
        let basket = lines(&[("article-1", 2), ("article-2", 1), ("article-1", 3)]);
        let mut values = Vec::new();
        let tell = |line: AvailableLine| {
            values.push(line.value_cents);
            Ok(())
        };
        let reservation = database.reserve(&basket, tell).await.unwrap();
        assert_eq!(values, [2 * 236, 273, 3 * 236]);
        assert_eq!(available(&database, "article-1").await, 999_995);
        assert_eq!(available(&database, "article-2").await, 999_999);

        for _ in 0..2 {
            database.release(reservation).await.unwrap();
            assert_eq!(available(&database, "article-1").await, 1_000_000);
            assert_eq!(available(&database, "article-2").await, 1_000_000);
        }
    }

    #[tokio::test]
    async fn nothing_is_taken_if_one_line_is_out_of_stock() {
        let database = Database::open().await.unwrap();
        for refused in [("article-2", 1_000_001), ("no such article", 1)] {
            let basket = lines(&[("article-1", 1), refused]);
            let refusal = database.reserve(&basket, |_| Ok(())).await;
            let Err(Refusal::OutOfStock { sku }) = refusal else {
                panic!("{refusal:?}");
            };
            assert_eq!(sku, refused.0);
            assert_eq!(available(&database, "article-1").await, 1_000_000);
        }
    }

    #[tokio::test]
    async fn nothing_is_taken_if_nobody_waits_for_it() {
        let database = Database::open().await.unwrap();
        let basket = lines(&[("article-1", 1), ("article-2", 1)]);
        let mut told = 0;
        let tell = |_| {
            told += 1;
            Err(Refusal::Abandoned)
        };
        let refusal = database.reserve(&basket, tell).await;
        assert!(matches!(refusal, Err(Refusal::Abandoned)), "{refusal:?}");
        assert_eq!(told, 1);
        assert_eq!(available(&database, "article-1").await, 1_000_000);
    }
}
