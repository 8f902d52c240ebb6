//! The path of SQLite's file.

use crate::identity::Identity;

/// The namespace is the file's name without its folder, because the folder says more about the
/// machine than about the database. A database in memory has none.
pub(super) fn sqlite(url: &str) -> Identity {
    let name = url.strip_prefix("file:").unwrap_or(url);
    let (path, parameters) = match name.find(['?', '#']) {
        Some(end) => name.split_at(end),
        None => (name, ""),
    };
    Identity {
        namespace: file_name(path, parameters).map(str::to_owned),
        ..Identity::of("sqlite")
    }
}

fn file_name<'a>(path: &'a str, parameters: &str) -> Option<&'a str> {
    let is_in_memory =
        path == ":memory:" || parameters.split(['?', '&']).any(|it| it == "mode=memory");
    // A malformed URL, or malformed words of libpq, may contain a password.
    if is_in_memory || path.contains("password") {
        return None;
    }
    let name = path.rsplit(['/', '\\']).next()?;
    (!name.is_empty() && !name.contains(['@', '='])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_the_name_of_the_file() {
        let cases = [
            ("stock.db", Some("stock.db")),
            ("/var/lib/shop/stock.db", Some("stock.db")),
            ("C:\\shop\\stock.db", Some("stock.db")),
            ("file:data/stock.db?mode=ro", Some("stock.db")),
            ("file:stock.db#fragment", Some("stock.db")),
            ("year=2026/stock.db", Some("stock.db")),
            ("file:shared?mode=memory&cache=shared", None),
            ("file::memory:?cache=shared", None),
            (":memory:", None),
            ("", None),
            ("data/", None),
        ];
        for (url, expected) in cases {
            let identity = sqlite(url);
            assert_eq!(identity.system, Some("sqlite"));
            assert_eq!(identity.namespace.as_deref(), expected, "{url}");
            assert_eq!(identity.server, None);
        }
    }
}
