//! The headers of trusted proxies about the request: `Forwarded` (RFC 7239) and `X-Forwarded-*`.

use std::net::IpAddr;

use opentelemetry::propagation::Extractor;

use super::authority::{self, Authority};
use crate::Trust;

/// The values in the trusted part of the headers. For each `None`, the connection's own value
/// applies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded<'a> {
    /// An IP address. Obfuscated identifiers and `unknown` count as absent.
    pub(super) client: Option<&'a str>,
    pub(super) authority: Option<Authority<'a>>,
    pub(super) scheme: Option<&'a str>,
}

impl<'a> Forwarded<'a> {
    pub(super) fn read(headers: &'a dyn Extractor, trust: Trust) -> Self {
        let hops = match trust {
            Trust::None => return Self::default(),
            Trust::Hops(hops) => usize::from(hops),
            Trust::All => usize::MAX,
        };
        let forwarded = elements(headers, "forwarded", hops);
        let parameter = |name| {
            forwarded
                .iter()
                .find_map(move |element| value(element, name))
        };
        Self {
            client: forwarded
                .iter()
                .find_map(|element| address(value(element, "for")?))
                .or_else(|| first(headers, "x-forwarded-for", hops, address)),
            authority: forwarded
                .iter()
                .find_map(|element| Authority::parse(value(element, "host")?))
                .or_else(|| first(headers, "x-forwarded-host", hops, Authority::parse)),
            scheme: parameter("proto").or_else(|| first(headers, "x-forwarded-proto", hops, Some)),
        }
    }
}

/// The first usable value among the last `hops` ones of a plain list header.
fn first<'a, T>(
    headers: &'a dyn Extractor,
    name: &str,
    hops: usize,
    read: impl Fn(&'a str) -> Option<T>,
) -> Option<T> {
    elements(headers, name, hops)
        .into_iter()
        .find_map(|element| read(unquote(element)?))
}

/// The last `hops` elements of a header's list; each trusted proxy appended one of them.
///
/// Read from the end, because a quote that a client leaves open would swallow the elements that the
/// proxies append, and the client's own elements would count as theirs.
fn elements<'a>(headers: &'a dyn Extractor, name: &str, hops: usize) -> Vec<&'a str> {
    let lines = headers.get_all(name).unwrap_or_default();
    let mut elements: Vec<_> = lines
        .into_iter()
        .rev()
        .flat_map(|line| line.rsplit(outside_of_quotes(',')))
        .map(str::trim)
        .take(hops)
        .collect();
    elements.reverse();
    elements
}

/// The value of a parameter in one `Forwarded` element such as `for=1.2.3.4;proto=https`.
fn value<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split(outside_of_quotes(';')).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| unquote(value.trim()))?
    })
}

fn address(node: &str) -> Option<&str> {
    let (host, _port) = authority::split(node);
    host.parse::<IpAddr>().is_ok().then_some(host)
}

/// The text without its quotes; `None` if it is empty or a quote is not closed.
fn unquote(text: &str) -> Option<&str> {
    let text = match text.strip_prefix('"') {
        // Text behind the closing quote is a port in the wrong place.
        Some(rest) => rest.split_once('"')?.0,
        None => text,
    };
    (!text.is_empty() && !text.contains(['"', '\\'])).then_some(text)
}

/// Finds a separator outside quotes, in either direction.
fn outside_of_quotes(separator: char) -> impl FnMut(char) -> bool {
    let mut quoted = false;
    move |character| {
        quoted ^= character == '"';
        !quoted && character == separator
    }
}

#[cfg(test)]
mod tests;
