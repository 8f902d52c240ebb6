//! URLs of PostgreSQL and MySQL.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::identity::Identity;

/// `[user[:password]@][host[:port]][/database][?parameters]`. Parameters override the other parts.
pub(super) fn postgresql(url: &str) -> Identity {
    let identity = Identity::of("postgresql");
    let Some(parts) = Parts::of(url) else {
        return identity;
    };
    let host = parts.parameter("host").or_else(|| parts.host());
    let port = match parts.parameter("port") {
        Some(port) => port.parse().ok(),
        None => parts.port(),
    };
    let database = parts.parameter("dbname").or_else(|| parts.database());
    // The server's own default is the user's name.
    let namespace = database
        .or_else(|| parts.parameter("user"))
        .or_else(|| parts.user());
    Identity {
        namespace: namespace.and_then(named),
        server: host.and_then(|host| server(host, port)),
        ..identity
    }
}

/// The same without parameters, except that of the socket.
pub(super) fn mysql(url: &str) -> Identity {
    let identity = Identity::of("mysql");
    let Some(parts) = Parts::of(url) else {
        return identity;
    };
    let socket = parts.parameter("unix_socket");
    let socket = socket.or_else(|| parts.parameter("socket"));
    let host = parts.host().and_then(named);
    Identity {
        namespace: parts.database().and_then(named),
        server: match socket {
            Some(path) => Some((path.into_owned(), None)),
            None => host.map(|host| (host, parts.port())),
        },
        ..identity
    }
}

/// The address of a PostgreSQL server. A path is the folder of a socket, whose name contains the
/// port. If there are several hosts, it is not known which one is used.
pub(super) fn server(host: Cow<'_, str>, port: Option<u16>) -> Option<(String, Option<u16>)> {
    if host.contains(',') {
        return None;
    }
    if host.starts_with('/') {
        let port = port.unwrap_or(5432);
        return Some((format!("{host}/.s.PGSQL.{port}"), None));
    }
    Some((named(host)?, port))
}

/// The name, unless it is something else, such as a URL in place of a database.
pub(super) fn named(name: Cow<'_, str>) -> Option<String> {
    let is_name = !name.is_empty() && !name.contains("://") && !name.contains(['=', '@']);
    is_name.then(|| name.into_owned())
}

/// The parts of a URL behind its scheme.
struct Parts<'a> {
    user: &'a str,
    host: &'a str,
    path: &'a str,
    parameters: &'a str,
}

impl<'a> Parts<'a> {
    /// `None` if the end of the password is ambiguous. Some drivers look for the first `@`
    /// anywhere, and accept an unescaped `/`, `?` or `#` in a password.
    fn of(url: &'a str) -> Option<Self> {
        let end = url.find(['/', '?', '#']).unwrap_or(url.len());
        let (authority, rest) = url.split_at_checked(end)?;
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (credentials, host),
            None if rest.contains('@') => return None,
            None => ("", authority),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        Some(Self {
            user: credentials.split(':').next().unwrap_or_default(),
            host,
            path: path.strip_prefix('/').unwrap_or(path),
            parameters,
        })
    }

    fn user(&self) -> Option<Cow<'a, str>> {
        decoded(self.user)
    }

    fn host(&self) -> Option<Cow<'a, str>> {
        let bracketed = self.host.strip_prefix('[');
        if let Some((address, _)) = bracketed.and_then(|host| host.split_once(']')) {
            return decoded(address);
        }
        // Several hosts may each have a port, and the list is not a name of any of them.
        match self.host.contains(',') {
            true => Some(Cow::Borrowed(self.host)),
            false => decoded(self.host.split(':').next().unwrap_or_default()),
        }
    }

    fn port(&self) -> Option<u16> {
        let port = match self.host.rsplit_once(']') {
            Some((_, port)) => port.strip_prefix(':')?,
            None => self.host.rsplit_once(':')?.1,
        };
        port.parse().ok()
    }

    fn database(&self) -> Option<Cow<'a, str>> {
        decoded(self.path)
    }

    /// The value of a parameter. If it occurs several times, the last one counts.
    fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut pairs = self
            .parameters
            .split('&')
            .filter_map(|it| it.split_once('='));
        let found = pairs.rfind(|(key, _)| *key == name)?;
        decoded(found.1)
    }
}

/// `None` if the text is empty.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    match text.is_empty() {
        true => None,
        false => Some(percent_decode_str(text).decode_utf8_lossy()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Server<'a> = Option<(&'a str, Option<u16>)>;

    fn check(read: fn(&str) -> Identity, cases: &[(&str, Option<&str>, Server<'_>)]) {
        for (url, namespace, server) in cases {
            let identity = read(url);
            assert_eq!(identity.namespace.as_deref(), *namespace, "{url}");
            let found = identity.server.as_ref();
            let found = found.map(|(address, port)| (&**address, *port));
            assert_eq!(found, *server, "{url}");
        }
    }

    #[test]
    fn postgresql_has_a_database_and_a_server() {
        check(
            postgresql,
            &[
                (
                    "ada:secret@db.internal:6432/shop",
                    Some("shop"),
                    Some(("db.internal", Some(6432))),
                ),
                (
                    "ada@db.internal/shop?sslmode=require",
                    Some("shop"),
                    Some(("db.internal", None)),
                ),
                ("ada@db", Some("ada"), Some(("db", None))),
                ("db", None, Some(("db", None))),
                ("", None, None),
                ("/sh%20op", Some("sh op"), None),
                ("[::1]:6432/shop", Some("shop"), Some(("::1", Some(6432)))),
                ("[::1]/shop", Some("shop"), Some(("::1", None))),
                ("db:port/shop", Some("shop"), Some(("db", None))),
                ("one:1,two:2/shop", Some("shop"), None),
                (
                    "%2Frun%2Fpostgresql:6432/shop",
                    Some("shop"),
                    Some(("/run/postgresql/.s.PGSQL.6432", None)),
                ),
                (
                    "/shop?host=/run/postgresql",
                    Some("shop"),
                    Some(("/run/postgresql/.s.PGSQL.5432", None)),
                ),
                (
                    "one/shop?host=two&port=6432&dbname=other&host=three",
                    Some("other"),
                    Some(("three", Some(6432))),
                ),
                ("/?user=ada&host=db", Some("ada"), Some(("db", None))),
                // Either a password with a slash, or a user name without a password, and a
                // parameter.
                ("ada:a/b@db/shop", None, None),
                ("db/shop?options=a@b", None, None),
            ],
        );
    }

    #[test]
    fn mysql_has_a_database_and_a_server() {
        check(
            mysql,
            &[
                (
                    "ada:secret@db.internal:3307/shop",
                    Some("shop"),
                    Some(("db.internal", Some(3307))),
                ),
                ("ada@db", None, Some(("db", None))),
                (
                    "ada@[::1]:3307/shop",
                    Some("shop"),
                    Some(("::1", Some(3307))),
                ),
                (
                    "ada@localhost/shop?unix_socket=/run/mysqld.sock",
                    Some("shop"),
                    Some(("/run/mysqld.sock", None)),
                ),
            ],
        );
    }
}
