//! Variables for proxies, which are not supported.

use http::Uri;

use crate::environment::Environment;

/// Warns if other programs would use a proxy for this URL.
pub(crate) fn warn_of_proxy(environment: &Environment, url: &Uri) {
    let host = url.host().unwrap_or_default();
    let names = match url.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let is_excepted = is_loopback(host)
        || ["NO_PROXY", "no_proxy"]
            .into_iter()
            .filter_map(|name| environment.text(name))
            .any(|list| is_listed(&list, host));
    if is_excepted {
        return;
    }
    let set = names
        .into_iter()
        .find(|name| environment.text(name).is_some());
    if let Some(name) = set {
        let text = format!(" is not used: telemetry goes to {host} directly");
        environment.warn(name, text);
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// `NO_PROXY`: hosts and their parent domains, or `*`.
fn is_listed(list: &str, host: &str) -> bool {
    list.split(',').map(str::trim).any(|entry| {
        let domain = entry.trim_start_matches("*.").trim_start_matches('.');
        let rest = host.strip_suffix(domain);
        entry == "*"
            || (!domain.is_empty()
                && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;
    use crate::environment::tests::said;

    #[test]
    fn proxy_is_named_where_others_would_use_it() {
        for (variables, url, expected) in [
            (
                &[("HTTP_PROXY", "http://p:3128")][..],
                "http://c:4318/",
                true,
            ),
            (&[("https_proxy", "http://p:3128")], "https://c/", true),
            (&[("ALL_PROXY", "socks5://p")], "https://c/", true),
            (&[("HTTP_PROXY", "http://p:3128")], "https://c/", false),
            (
                &[("HTTP_PROXY", "http://p:3128")],
                "http://localhost:4318/",
                false,
            ),
            (
                &[("HTTP_PROXY", "http://p:3128")],
                "http://127.0.0.1:4318/",
                false,
            ),
            (
                &[("HTTP_PROXY", "http://p:3128")],
                "http://[::1]:4318/",
                false,
            ),
            (
                &[("HTTP_PROXY", "http://p"), ("NO_PROXY", "a, .internal")],
                "http://c.internal/",
                false,
            ),
            (
                &[("HTTP_PROXY", "http://p"), ("NO_PROXY", "internal")],
                "http://notinternal/",
                true,
            ),
            (
                &[("HTTP_PROXY", "http://p"), ("no_proxy", "*")],
                "http://c/",
                false,
            ),
            (&[], "http://c/", false),
        ] {
            let environment = environment(variables);
            warn_of_proxy(&environment, &url.parse().unwrap());
            assert_eq!(
                said(environment).len(),
                usize::from(expected),
                "{variables:?} {url}"
            );
        }
    }
}
