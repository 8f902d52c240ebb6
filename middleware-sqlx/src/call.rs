//! One call of an executor: one span, from the first poll to the last row.
//!
//! An operation is a local value of the call's future. If that is dropped, by its caller or by the
//! unwinding of a panic, the operation ends with it.

use futures_core::Stream;
use futures_util::TryStreamExt;
use otel_instrumentation::{DbOperation, Statement};
use sqlx::{Describe, Either, Error, SqlStr};

use crate::context::Scope;
use crate::driver::{Driver, Step};
use crate::error;
use crate::generator;
use crate::query::Query;
use crate::source::Source;

/// Runs the query and passes everything that it returns to `add`, one after the other.
pub(crate) async fn gather<DB: Driver, T: Default>(
    source: Source<'_, DB>,
    query: Query<DB>,
    add: fn(&mut T, Step<DB>),
) -> Result<T, Error> {
    let mut operation = source.client().start(&query.facts());
    let scope = Scope::of(&operation);
    let work = async {
        let mut connection = source.connection(&mut operation).await?;
        let mut steps = DB::fetch_many(&mut connection, query);
        let mut gathered = T::default();
        while let Some(step) = steps.try_next().await? {
            count::<DB>(&mut operation, &step);
            add(&mut gathered, step);
        }
        Ok(gathered)
    };
    let result = scope.run(work).await;
    end::<DB, _>(operation, result)
}

/// Streams what the query returns, as far as `select` accepts it.
pub(crate) fn stream<'e, DB: Driver, T: Send + 'e>(
    source: Source<'e, DB>,
    query: Query<DB>,
    select: fn(Step<DB>) -> Option<T>,
) -> impl Stream<Item = Result<T, Error>> + Send + 'e {
    generator::stream(move |mut sink| async move {
        let mut operation = source.client().start(&query.facts());
        let scope = Scope::of(&operation);
        let work = async {
            let mut connection = source.connection(&mut operation).await?;
            let mut steps = DB::fetch_many(&mut connection, query);
            while let Some(step) = steps.try_next().await? {
                count::<DB>(&mut operation, &step);
                if let Some(item) = select(step) {
                    sink.send(item).await;
                }
            }
            Ok(())
        };
        let result = scope.run(work).await;
        end::<DB, _>(operation, result)
    })
}

/// The first row, if there is one.
pub(crate) async fn first<DB: Driver>(
    source: Source<'_, DB>,
    query: Query<DB>,
) -> Result<Option<DB::Row>, Error> {
    let mut operation = source.client().start(&query.facts());
    let scope = Scope::of(&operation);
    let work = async {
        let mut connection = source.connection(&mut operation).await?;
        let row = DB::fetch_optional(&mut connection, query).await?;
        operation.record_returned_rows(u64::from(row.is_some()));
        Ok(row)
    };
    let result = scope.run(work).await;
    end::<DB, _>(operation, result)
}

/// Prepares the statement, which does not run it.
pub(crate) async fn prepare<DB: Driver>(
    source: Source<'_, DB>,
    text: SqlStr,
    parameters: &[DB::TypeInfo],
) -> Result<DB::Statement, Error> {
    let facts = Statement::sql(text.as_str()).operation("PREPARE");
    let mut operation = source.client().start(&facts);
    let scope = Scope::of(&operation);
    let work = async {
        let mut connection = source.connection(&mut operation).await?;
        DB::prepare_with(&mut connection, text, parameters).await
    };
    let result = scope.run(work).await;
    end::<DB, _>(operation, result)
}

/// Describes the parameters and the columns of the statement.
pub(crate) async fn describe<DB: Driver>(
    source: Source<'_, DB>,
    text: SqlStr,
) -> Result<Describe<DB>, Error> {
    let facts = Statement::sql(text.as_str()).operation("DESCRIBE");
    let mut operation = source.client().start(&facts);
    let scope = Scope::of(&operation);
    let work = async {
        let mut connection = source.connection(&mut operation).await?;
        DB::describe(&mut connection, text).await
    };
    let result = scope.run(work).await;
    end::<DB, _>(operation, result)
}

/// Ends the call.
pub(crate) fn end<DB: Driver, T>(
    mut operation: DbOperation,
    result: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(error) = &result {
        error::record::<DB>(&mut operation, error);
    }
    operation.finish();
    result
}

/// Counts returned rows. A statement that ends without a row has returned 0.
fn count<DB: Driver>(operation: &mut DbOperation, step: &Step<DB>) {
    operation.record_returned_rows(match step {
        Either::Left(_) => 0,
        Either::Right(_) => 1,
    });
}
