//! Commands of Redis: a driver that no crate of the suite covers, in a few lines over
//! `otel-instrumentation`. `REDIS_HOST=127.0.0.1 REDIS_PORT=6379 cargo run -p example-redis`
use otel_instrumentation as otel;
use redis::{Arg, AsyncCommands, Cmd, Pipeline, RedisError, RedisFuture, Value, aio, pipe};
use std::{env, error::Error, slice::from_ref, time::Duration};

/// A connection with a span for each command and each pipeline.
struct Traced(aio::MultiplexedConnection, otel::DbClientInstrumentation);

impl aio::ConnectionLike for Traced {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async {
            let Some(Arg::Simple(name)) = command.args_iter().next() else {
                return self.0.req_packed_command(command).await;
            };
            let name = String::from_utf8_lossy(name);
            let operation = self.1.start(&otel::Statement::command(&name));
            let answer = self.0.req_packed_command(command).await;
            end(operation, answer.as_ref().map(from_ref));
            answer
        })
    }
    fn req_packed_commands<'a>(
        &'a mut self,
        all: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let batch = otel::Statement::command("PIPELINE").batch_size(all.len() as u64);
            let operation = self.1.start(&batch);
            let answers = self.0.req_packed_commands(all, offset, count).await;
            end(operation, answers.as_deref());
            answers
        })
    }
    fn get_db(&self) -> i64 {
        self.0.get_db()
    }
}

/// A refusal is one of the answers; the first error counts. Errors within that of `EXEC` are ignored.
fn end(mut operation: otel::DbOperation, answers: Result<&[Value], &RedisError>) {
    for answer in answers.unwrap_or_default() {
        if let Value::ServerError(error) = answer {
            operation.record_error_code(error.code(), error);
        }
    }
    match answers.map_err(|error| (error, error.code())) {
        Err((error, Some(code))) => operation.record_error_code(code, error),
        Err((error, None)) => operation.fail(otel::ErrorType::of(error), error),
        Ok(_) => {}
    }
    operation.finish();
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), async {
        let (host, port) = (env::var("REDIS_HOST")?, env::var("REDIS_PORT")?.parse()?);
        let client = redis::Client::open((&*host, port))?;
        let config = otel::DatabaseConfig::new().system("redis").namespace("0");
        let scope = otel::instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let spans = otel::DbClientInstrumentation::new(scope, config.server(host, port));
        let mut stock = Traced(client.get_multiplexed_async_connection().await?, spans);
        println!("{:?}", stock.decr::<_, _, i64>("A", 1).await);
        let both: Result<(i64, i64), _> = pipe().get("A").llen("A").query_async(&mut stock).await;
        println!("{both:?}");
        Ok(())
    })
}
