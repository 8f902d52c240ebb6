//! Queries of tokio-postgres, which has no hooks: one function gives each call its span, in a few
//! lines over `otel-instrumentation`.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ export POSTGRES_URL=postgres://postgres@127.0.0.1/postgres
//! $ cargo run -p example-tokio-postgres --features postgres
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use opentelemetry::trace::FutureExt;
use otel_instrumentation::{
    DatabaseConfig, DbClientInstrumentation, ErrorType, Statement, instrumentation_scope,
};
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), run())
}

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let config: Config = env::var("POSTGRES_URL")?.parse()?;
    let spans = spans(&config);
    let (client, connection) = config.connect(NoTls).await?;
    let connection = tokio::spawn(connection);

    let create = "CREATE TEMPORARY TABLE stock (sku TEXT PRIMARY KEY, name TEXT)";
    traced(&spans, Statement::sql(create), client.batch_execute(create)).await?;
    // Bound values are declared: only then is the text recorded with its literals.
    let insert = "INSERT INTO stock (sku, name) VALUES ($1, 'nut')";
    for _ in 0..2 {
        let bound = Statement::sql(insert).is_bound(true);
        let inserted = traced(&spans, bound, client.execute(insert, &[&"A-1"])).await;
        println!("{:?}", inserted.map_err(|error| error.to_string()));
    }
    drop(client);
    Ok(connection.await??)
}

/// Makes the call in a span. A caller that drops this future has cancelled the query, which is no
/// error.
async fn traced<T>(
    spans: &DbClientInstrumentation,
    statement: Statement<'_>,
    call: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    let mut operation = spans.start(&statement);
    let answer = call.with_context(operation.context().clone()).await;
    if let Err(error) = &answer {
        match error.code() {
            Some(code) => operation.record_error_code(code.code(), error),
            None => operation.fail(ErrorType::of(error), error),
        }
    }
    operation.finish();
    answer
}

/// The database, from the client's configuration.
fn spans(config: &Config) -> DbClientInstrumentation {
    let mut database = DatabaseConfig::new().system("postgresql");
    if let Some(name) = config.get_dbname() {
        database = database.namespace(name.to_owned());
    }
    if let (Some(Host::Tcp(host)), Some(port)) =
        (config.get_hosts().first(), config.get_ports().first())
    {
        database = database.server(host.clone(), *port);
    }
    let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    DbClientInstrumentation::new(scope, database)
}
