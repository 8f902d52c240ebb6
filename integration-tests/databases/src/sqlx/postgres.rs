//! PostgreSQL, on the server that `integration-tests/postgres` starts.

use std::sync::mpsc::Sender;

use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Postgres};

use super::{Database, queries};
use crate::each::Each;
use crate::scenario::Fact;

impl Database for Postgres {
    const TEMPORARY: &'static str = "TEMPORARY";

    fn of<T: Copy>(each: &Each<T>) -> T {
        each.sqlx_postgres
    }

    fn facts() -> Vec<Fact> {
        vec![
            Fact::Text("db.system.name", "postgresql"),
            Fact::Text("db.namespace", "contract"),
            Fact::Text("server.address", "127.0.0.1"),
            Fact::Number("server.port", Self::options().get_port().into()),
        ]
    }

    fn options() -> PgConnectOptions {
        let url = std::env::var("CONTRACT_POSTGRES_URL");
        url.expect("integration-tests/postgres starts a server and says where it is")
            .parse()
            .unwrap()
    }

    fn unreachable() -> PgConnectOptions {
        "postgres://ada:canary@127.0.0.1:1/shop".parse().unwrap()
    }

    async fn hold(_: &mut PgConnection) -> Option<Sender<()>> {
        None
    }

    queries!();
}
