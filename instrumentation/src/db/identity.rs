//! The database and its address: the same for all queries of a client.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::{KeyValue, StringValue};

use super::sql::SqlDialect;
use crate::config::DatabaseConfig;
use crate::semconv;

/// Attributes that need no allocation to be cloned.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) dialect: SqlDialect,
    system: StringValue,
    namespace: Option<StringValue>,
    address: Option<StringValue>,
    port: Option<u16>,
}

impl Identity {
    pub(super) fn new(config: &DatabaseConfig) -> Self {
        let system = config.system.clone();
        let system = system.unwrap_or(Cow::Borrowed(semconv::OTHER_SQL));
        let (dialect, usual_port) = known(&system);
        let (address, port) = match config.server.clone() {
            Some((address, port)) if !address.is_empty() => (Some(address), port),
            _ => (None, None),
        };
        Self {
            dialect: config.options.dialect.unwrap_or(dialect),
            port: port.filter(|port| Some(*port) != usual_port),
            system: shared(system),
            namespace: config
                .namespace
                .clone()
                .filter(|it| !it.is_empty())
                .map(shared),
            address: address.map(shared),
        }
    }

    /// Appends the attributes that precede all others.
    pub(super) fn describe_database(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(KeyValue::new(semconv::DB_SYSTEM_NAME, self.system.clone()));
        if let Some(namespace) = &self.namespace {
            attributes.push(KeyValue::new(semconv::DB_NAMESPACE, namespace.clone()));
        }
    }

    pub(super) fn describe_server(&self, attributes: &mut Vec<KeyValue>) {
        if let Some(address) = &self.address {
            attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, address.clone()));
        }
        if let Some(port) = self.port {
            attributes.push(KeyValue::new(semconv::SERVER_PORT, i64::from(port)));
        }
    }

    /// The name of a span whose statement provides none.
    pub(super) fn system(&self) -> &StringValue {
        &self.system
    }

    /// The target of an operation that has none of its own.
    pub(super) fn target(&self) -> Option<Cow<'_, str>> {
        if let Some(namespace) = &self.namespace {
            return Some(Cow::Borrowed(namespace.as_str()));
        }
        let address = self.address.as_ref()?.as_str();
        Some(match self.port {
            Some(port) => Cow::Owned(format!("{address}:{port}")),
            None => Cow::Borrowed(address),
        })
    }
}

/// The SQL dialect of a system, and its default port.
fn known(system: &str) -> (SqlDialect, Option<u16>) {
    match system {
        "postgresql" => (SqlDialect::PostgreSql, Some(5432)),
        "cockroachdb" => (SqlDialect::PostgreSql, Some(26257)),
        "mysql" | "mariadb" => (SqlDialect::MySql, Some(3306)),
        "sqlite" => (SqlDialect::Sqlite, None),
        "microsoft.sql_server" => (SqlDialect::SqlServer, Some(1433)),
        "oracle.db" => (SqlDialect::Unknown, Some(1521)),
        "redis" => (SqlDialect::Unknown, Some(6379)),
        "mongodb" => (SqlDialect::Unknown, Some(27017)),
        _ => (SqlDialect::Unknown, None),
    }
}

fn shared(text: Cow<'static, str>) -> StringValue {
    match text {
        Cow::Borrowed(text) => StringValue::from(text),
        Cow::Owned(text) => StringValue::from(Arc::<str>::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ports_are_left_out() {
        let cases = [
            ("postgresql", Some(5432), None),
            ("postgresql", Some(3306), Some(3306)),
            ("mysql", Some(3306), None),
            ("mariadb", Some(3306), None),
            ("microsoft.sql_server", Some(1433), None),
            ("oracle.db", Some(1521), None),
            ("redis", Some(6379), None),
            ("mongodb", Some(27017), None),
            ("mongodb", None, None),
            ("unheard-of", Some(1), Some(1)),
        ];
        for (system, port, expected) in cases {
            let config = DatabaseConfig::new().system(system).server("host", port);
            assert_eq!(Identity::new(&config).port, expected, "{system} {port:?}");
        }
    }

    #[test]
    fn targets_are_the_namespace_or_the_server() {
        let config = DatabaseConfig::new().system("redis").server("host", 1);
        let cases = [
            (DatabaseConfig::new(), None),
            (
                DatabaseConfig::new().server("/run/pg", None),
                Some("/run/pg"),
            ),
            (DatabaseConfig::new().server("", 1), None),
            (config.clone(), Some("host:1")),
            (config.clone().server("host", 6379), Some("host")),
            (config.clone().namespace(""), Some("host:1")),
            (config.namespace("7"), Some("7")),
        ];
        for (config, expected) in cases {
            assert_eq!(Identity::new(&config).target().as_deref(), expected);
        }
    }
}
