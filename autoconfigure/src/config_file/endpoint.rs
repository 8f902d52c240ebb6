//! `endpoint`: the address of an exporter's receiver. With HTTP it is the whole URL.

use http::Uri;
use otel_otlp_exporter::Protocol;

use super::problem::Problem;
use super::section::Value;
use crate::endpoint::Endpoint;
use crate::endpoint::without_credentials;
use crate::signal::Signal;

/// The configured endpoint for a protocol; `is_insecure` applies to gRPC without a scheme.
pub(super) fn endpoint(
    value: &Value<'_>,
    signal: Signal,
    protocol: Protocol,
    is_insecure: bool,
) -> Result<Endpoint, Problem> {
    let written = value.text()?;
    let shown = without_credentials(&written);
    let unusable = |why: &str| value.problem(format_args!("`{shown}` {why}"));
    let whole = match (written.contains("://"), protocol) {
        (true, _) => written.clone(),
        (false, Protocol::Grpc) if is_insecure => format!("http://{written}"),
        (false, Protocol::Grpc) => format!("https://{written}"),
        (false, _) => return Err(unusable("has no scheme such as http://")),
    };
    let url: Uri = whole.parse().map_err(|_| unusable("is no URL"))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(unusable("begins neither with http:// nor with https://"));
    }
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => {
            value.warn("user and password in the URL (not shown) are not sent; headers are");
            host
        }
        None => authority,
    };
    if url.host().unwrap_or_default().is_empty() {
        return Err(unusable("names no host"));
    }
    let scheme = url.scheme_str().unwrap_or("http");
    let path = match protocol {
        Protocol::Grpc => {
            if url.query().is_some() {
                value.warn("the query of the URL (not shown) is not sent");
            }
            url.path().trim_end_matches('/')
        }
        _ => url.path_and_query().map_or("/", |path| path.as_str()),
    };
    match (protocol, url.port_u16(), path) {
        (Protocol::Grpc, Some(4318), _) => {
            value.warn("port 4318 is that of OTLP over HTTP (`otlp_http`)");
        }
        (Protocol::HttpProtobuf, Some(4317), _) => {
            value.warn("port 4317 is that of OTLP over gRPC (`otlp_grpc`)");
        }
        (Protocol::HttpProtobuf, _, "/") => {
            let path = signal.path();
            value.warn(format_args!(
                "has no path, which would be /{path} for most receivers"
            ));
        }
        _ => {}
    }
    let url = format!("{scheme}://{host}{path}").parse();
    let url = url.map_err(|_| unusable("is no URL"))?;
    Ok(Endpoint { protocol, url })
}
