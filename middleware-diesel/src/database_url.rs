//! The database of a connection, read from the URL by which it is established. A password in the
//! URL is never kept.

mod conninfo;
mod file;
mod url;

use crate::identity::Identity;

/// `url` is a URL in diesel's sense: a URL, the `host=… password=…` of libpq, or the path of a
/// SQLite file.
pub(crate) fn read(url: &str) -> Identity {
    if let Some((scheme, rest)) = url.split_once("://")
        && is_scheme(scheme)
    {
        return match scheme {
            "postgres" | "postgresql" => url::postgresql(rest),
            "mysql" => url::mysql(rest),
            "sqlite" | "file" => file::sqlite(rest),
            _ => Identity::default(),
        };
    }
    match conninfo::is_conninfo(url) {
        true => conninfo::postgresql(url),
        false => file::sqlite(url),
    }
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_url_is_told_apart() {
        let postgresql = Some("postgresql");
        let cases = [
            ("postgres://db/shop", postgresql, Some("shop")),
            ("postgresql:///shop", postgresql, Some("shop")),
            ("host=db dbname=shop", postgresql, Some("shop")),
            ("mysql://db/shop", Some("mysql"), Some("shop")),
            ("sqlite://stock.db", Some("sqlite"), Some("stock.db")),
            ("file:///var/stock.db", Some("sqlite"), Some("stock.db")),
            ("file:stock.db?mode=ro", Some("sqlite"), Some("stock.db")),
            ("var/stock.db", Some("sqlite"), Some("stock.db")),
            (":memory:", Some("sqlite"), None),
            ("oracle://db/shop", None, None),
        ];
        for (url, system, namespace) in cases {
            let identity = read(url);
            assert_eq!(identity.system, system, "{url}");
            assert_eq!(identity.namespace.as_deref(), namespace, "{url}");
        }
    }

    #[test]
    fn no_form_of_a_url_leaves_its_password() {
        let urls = [
            "postgres://ada:canary@db/shop",
            "postgres://ada:can@ry@db/shop",
            "postgres://ada:/canary@db/shop",
            "postgres://ada:?canary@db/shop",
            "postgres://ada:#canary@db/shop",
            "postgres://ada:1/canary/shop@db",
            "postgres://db/shop?password=canary",
            "postgres://db/shop?user=ada&password=can@canary",
            "postgres://db?dbname=postgres://ada:canary@db/shop",
            "postgres://db/password%3Dcanary",
            "mysql://ada:canary@db/shop",
            "mysql://ada:canary@db:3307",
            "mysql://ada:canary@/shop?unix_socket=/run/mysql",
            "redis://ada:canary@db/0",
            "host=db password=canary dbname=shop",
            "host=db password = 'canary' dbname=shop",
            "password=canary",
            "password='a\\'canary' host=db",
            "host=db password='canary",
            "host=db password='/canary",
            "host=db password=a=canary",
            "host=db nonsense password=canary",
            "channel_binding=require password='/canary",
            "made_up=1 password='/canary",
            "dbname='host=db password=canary'",
            "ada:canary@db",
            "file:stock.db?key=canary",
            "stock.db?key=canary",
            "//ada:canary@db",
        ];
        for url in urls {
            let identity = read(url);
            let output = format!("{identity:?} {:?}", identity.config());
            for part in ["canary", "can@ry", "ry@"] {
                assert!(!output.contains(part), "{url}: {output}");
            }
        }
    }
}
