//! HSU-01 to HSU-16, as tables.

use std::collections::HashMap;

use super::*;

type Host = (&'static str, Option<u16>);

struct Lines(HashMap<&'static str, Vec<&'static str>>);

impl Extractor for Lines {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.first().copied()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().copied().collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        self.0.get(key).cloned()
    }
}

fn lines(name: &'static str, values: &[&'static str]) -> Lines {
    Lines(HashMap::from([(name, values.to_vec())]))
}

#[test]
fn hosts_are_read_from_forwarded() {
    let example = Some(("example.com", None));
    let with_port = Some(("example.com", Some(42)));
    let cases: &[(&[&str], Option<Host>)] = &[
        // HSU-01
        (&[""], None),
        (&["host="], None),
        (&["host=;"], None),
        (&["host=\""], None),
        (&["host=\"\""], None),
        (&["host=\"example.com"], None),
        (&["by=1.2.3.4, test=abc"], None),
        // HSU-02, HSU-03, HSU-04
        (&["host=example.com"], example),
        (&["host=\"example.com\""], example),
        (&["host=example.com; test=abc:1234"], example),
        (&["host=\"example.com\"; test=abc:1234"], example),
        (&["host=example.com:port"], example),
        (&["host=\"example.com:port\""], example),
        (&["host=example.com:42"], with_port),
        (&["host=\"example.com:42\"; test=abc:1234"], with_port),
        // HSU-05
        (
            &["proto=https", "host=example.com", "host=github.com:1234"],
            example,
        ),
    ];
    for (values, expected) in cases {
        let headers = lines("forwarded", values);
        let found = Forwarded::read(&headers, Trust::All).authority;
        assert_eq!(
            found.map(|found| (found.host, found.port)),
            *expected,
            "{values:?}"
        );
    }
}

#[test]
fn hosts_are_read_from_x_forwarded_host() {
    // HSU-06
    let cases: &[(&[&str], Option<Host>)] = &[
        (&[""], None),
        (&["\""], None),
        (&["\"\""], None),
        (&["example.com"], Some(("example.com", None))),
        (&["example.com:port"], Some(("example.com", None))),
        (&["example.com:42"], Some(("example.com", Some(42)))),
        (&["\"example.com:42\""], Some(("example.com", Some(42)))),
        (
            &["example.com", "github.com:1234"],
            Some(("example.com", None)),
        ),
        (&["[2001:db8::1]:42"], Some(("2001:db8::1", Some(42)))),
    ];
    for (values, expected) in cases {
        let headers = lines("x-forwarded-host", values);
        let found = Forwarded::read(&headers, Trust::All).authority;
        assert_eq!(
            found.map(|found| (found.host, found.port)),
            *expected,
            "{values:?}"
        );
    }
}

#[test]
fn clients_are_read_from_forwarded() {
    let cases: &[(&[&str], Option<&str>)] = &[
        // HSU-10
        (&["for=[::1]"], Some("::1")),
        (&["For=[::1]"], Some("::1")),
        (&["for=\"[::1]\":42"], Some("::1")),
        (&["for=[::1]:42"], Some("::1")),
        (&["for=\"[::1]:42\""], Some("::1")),
        (&["for=[::1], for=1.2.3.4"], Some("::1")),
        (&["for=[::1]; for=1.2.3.4:42"], Some("::1")),
        (&["for=[::1]:42abc"], Some("::1")),
        (&["for=[::1]:abc"], Some("::1")),
        // HSU-11
        (&["for=1.2.3.4"], Some("1.2.3.4")),
        (&["FOR=1.2.3.4"], Some("1.2.3.4")),
        (&["for=1.2.3.4, :42"], Some("1.2.3.4")),
        (&["for=1.2.3.4;proto=https;by=4.3.2.1"], Some("1.2.3.4")),
        (&["for=1.2.3.4:42"], Some("1.2.3.4")),
        (&["for=1.2.3.4:42abc"], Some("1.2.3.4")),
        (&["for=1.2.3.4:abc"], Some("1.2.3.4")),
        (&["for=1.2.3.4; for=4.3.2.1"], Some("1.2.3.4")),
        // HSU-12
        (
            &["proto=https", "for=1.2.3.4", "for=[::1]:42"],
            Some("1.2.3.4"),
        ),
        (&["for=unknown, for=_hidden"], None),
    ];
    for (values, expected) in cases {
        let headers = lines("forwarded", values);
        assert_eq!(
            Forwarded::read(&headers, Trust::All).client,
            *expected,
            "{values:?}"
        );
    }
}

#[test]
fn clients_are_read_from_x_forwarded_for() {
    let cases: &[(&[&str], Option<&str>)] = &[
        // HSU-13
        (&[""], None),
        (&[";"], None),
        (&["\""], None),
        (&["\"\""], None),
        (&["\"1.2.3.4"], None),
        (&["\"[::1]"], None),
        (&["[::1"], None),
        (&["\"[::1\""], None),
        // HSU-15
        (&["1.2.3.4"], Some("1.2.3.4")),
        (&["1.2.3.4, :42"], Some("1.2.3.4")),
        (&["1.2.3.4,4.3.2.1"], Some("1.2.3.4")),
        (&["1.2.3.4:42"], Some("1.2.3.4")),
        (&["1.2.3.4:42abc"], Some("1.2.3.4")),
        (&["1.2.3.4:abc"], Some("1.2.3.4")),
        (&["1.2.3.4", "4.3.2.1"], Some("1.2.3.4")),
        (&["2001:db8::1"], Some("2001:db8::1")),
    ];
    for (values, expected) in cases {
        let headers = lines("x-forwarded-for", values);
        assert_eq!(
            Forwarded::read(&headers, Trust::All).client,
            *expected,
            "{values:?}"
        );
    }
}

#[test]
fn schemes_are_read() {
    // HSU-16
    let cases: &[(&'static str, &[&str], Option<&str>)] = &[
        ("forwarded", &["for=1.1.1.1;proto=xyz"], Some("xyz")),
        ("forwarded", &["for=1.1.1.1;proto=xyz;"], Some("xyz")),
        ("forwarded", &["for=1.1.1.1;proto=xyz,"], Some("xyz")),
        ("forwarded", &["for=1.1.1.1;proto=\"xyz\""], Some("xyz")),
        ("forwarded", &["proto="], None),
        ("forwarded", &["proto=;"], None),
        ("forwarded", &["proto=,"], None),
        ("forwarded", &["proto=\""], None),
        ("forwarded", &["proto=\"\""], None),
        (
            "forwarded",
            &["for=1.2.3.4", "proto=xyz", "proto=abc"],
            Some("xyz"),
        ),
        ("x-forwarded-proto", &["xyz"], Some("xyz")),
        ("x-forwarded-proto", &["\"xyz\""], Some("xyz")),
        ("x-forwarded-proto", &["\""], None),
        ("x-forwarded-proto", &["xyz", "abc"], Some("xyz")),
    ];
    for (name, values, expected) in cases {
        let headers = lines(name, values);
        assert_eq!(
            Forwarded::read(&headers, Trust::All).scheme,
            *expected,
            "{values:?}"
        );
    }
}

#[test]
fn only_as_many_hops_as_are_trusted_are_read() {
    let headers = lines("x-forwarded-for", &["6.6.6.6, 1.2.3.4", "10.0.0.1"]);
    let cases = [
        (Trust::None, None),
        (Trust::Hops(0), None),
        (Trust::Hops(1), Some("10.0.0.1")),
        (Trust::Hops(2), Some("1.2.3.4")),
        (Trust::Hops(9), Some("6.6.6.6")),
        (Trust::All, Some("6.6.6.6")),
    ];
    for (trust, expected) in cases {
        assert_eq!(
            Forwarded::read(&headers, trust).client,
            expected,
            "{trust:?}"
        );
    }
}

#[test]
fn quote_that_a_client_leaves_open_moves_no_entry_of_a_proxy() {
    let cases = [
        ("x-forwarded-for", 1, "6.6.6.6, \", 1.2.3.4"),
        ("x-forwarded-for", 2, "6.6.6.6, \", 1.2.3.4, 10.0.0.1"),
        ("forwarded", 1, "for=6.6.6.6;x=\", for=1.2.3.4"),
        ("forwarded", 1, "for=6.6.6.6;x=\", by=\"a,b\";for=1.2.3.4"),
    ];
    for (name, hops, value) in cases {
        let headers = lines(name, &[value]);
        let found = Forwarded::read(&headers, Trust::Hops(hops)).client;
        assert_eq!(found, Some("1.2.3.4"), "{value}");
    }
}

#[test]
fn forwarded_wins_over_the_older_headers() {
    // HSU-08
    let headers = Lines(HashMap::from([
        ("forwarded", vec!["host=a.example"]),
        ("x-forwarded-host", vec!["b.example"]),
        ("x-forwarded-proto", vec!["https"]),
    ]));
    let found = Forwarded::read(&headers, Trust::All);
    assert_eq!(
        found.authority.map(|authority| authority.host),
        Some("a.example")
    );
    assert_eq!(found.scheme, Some("https"));
}
