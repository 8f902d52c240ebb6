//! libpq's other form of a URL: `host=db.internal dbname=shop password='…'`.

use std::borrow::Cow;

use super::url::{named, server};
use crate::identity::Identity;

/// True if the text begins with one of libpq's words. An equals sign alone does not suffice,
/// because a path may contain one.
pub(super) fn is_conninfo(text: &str) -> bool {
    let first = text.split_once('=').map(|(word, _)| word.trim());
    first.is_some_and(|word| WORDS.contains(&word))
}

/// Only the system, if the text cannot be read to its end: an apparent name may be part of a
/// password then.
pub(super) fn postgresql(text: &str) -> Identity {
    let mut identity = Identity::of("postgresql");
    let Some(found) = Found::read(text) else {
        return identity;
    };
    let port = found.port.and_then(|port| port.parse().ok());
    let host = found.host.or(found.host_address);
    identity.server = host.and_then(|host| server(Cow::Owned(host), port));
    // The server's own default is the user's name.
    let namespace = found.database.or(found.user);
    identity.namespace = namespace.and_then(|name| named(Cow::Owned(name)));
    identity
}

#[derive(Default)]
struct Found {
    host: Option<String>,
    host_address: Option<String>,
    port: Option<String>,
    database: Option<String>,
    user: Option<String>,
}

impl Found {
    /// `None` if the text cannot be read.
    fn read(text: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (word, behind) = rest.split_once('=')?;
            let word = word.trim_end();
            if word.is_empty() || word.contains(char::is_whitespace) {
                return None;
            }
            let (value, behind) = value(behind.trim_start())?;
            let place = match word {
                "host" => Some(&mut found.host),
                "hostaddr" => Some(&mut found.host_address),
                "port" => Some(&mut found.port),
                "dbname" => Some(&mut found.database),
                "user" => Some(&mut found.user),
                _ => None,
            };
            if let Some(place) = place
                && !value.is_empty()
            {
                *place = Some(value);
            }
            rest = behind.trim_start();
        }
        Some(found)
    }
}

/// The value at the beginning of the text, and the rest. Quotes may contain anything, and a
/// backslash escapes the next character.
fn value(text: &str) -> Option<(String, &str)> {
    let (mut characters, is_quoted) = match text.strip_prefix('\'') {
        Some(quoted) => (quoted.chars(), true),
        None => (text.chars(), false),
    };
    let mut value = String::new();
    loop {
        let behind = characters.as_str();
        match characters.next() {
            Some('\'') if is_quoted => return Some((value, characters.as_str())),
            Some(space) if !is_quoted && space.is_whitespace() => return Some((value, behind)),
            Some('\\') => value.extend(characters.next()),
            Some(character) => value.push(character),
            None if is_quoted => return None,
            None => return Some((value, "")),
        }
    }
}

/// The words that a text is likely to begin with.
const WORDS: [&str; 16] = [
    "application_name",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "options",
    "passfile",
    "password",
    "port",
    "service",
    "sslmode",
    "target_session_attrs",
    "user",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_values_are_read_as_libpq_does() {
        let cases = [
            (
                "host=db.internal port=6432 user=ada password=x dbname=shop",
                Some("shop"),
                Some(("db.internal", Some(6432))),
            ),
            (
                "  host = 'db' \n dbname='a \\'quoted\\' name' ",
                Some("a 'quoted' name"),
                Some(("db", None)),
            ),
            (
                "user=ada hostaddr=10.0.0.1",
                Some("ada"),
                Some(("10.0.0.1", None)),
            ),
            ("host='' dbname=shop", Some("shop"), None),
            ("host=one,two dbname=shop", Some("shop"), None),
            (
                "host=/run/postgresql port=6432 dbname=a\\ b",
                Some("a b"),
                Some(("/run/postgresql/.s.PGSQL.6432", None)),
            ),
            ("password='a b' dbname=shop", Some("shop"), None),
            // Malformed texts.
            ("dbname=shop password='a b", None, None),
            ("dbname=shop password", None, None),
            ("dbname=shop a b=c", None, None),
        ];
        for (text, namespace, server) in cases {
            assert!(is_conninfo(text), "{text}");
            let identity = postgresql(text);
            assert_eq!(identity.namespace.as_deref(), namespace, "{text}");
            let found = identity.server.as_ref();
            let found = found.map(|(address, port)| (&**address, *port));
            assert_eq!(found, server, "{text}");
        }
        for text in ["stock.db", "year=2026/stock.db", "", "="] {
            assert!(!is_conninfo(text), "{text}");
        }
    }
}
