//! The part of a request that a hook for the response sees.

use std::net::SocketAddr;

use opentelemetry::propagation::Extractor;

use crate::facts::Request;

/// The facts of a request without its headers, kept until the head of its response arrives.
pub(super) struct KeptRequest {
    method: String,
    scheme: Option<String>,
    authority: Option<String>,
    path: String,
    query: Option<String>,
    template: Option<String>,
    version: Option<&'static str>,
    peer: Option<SocketAddr>,
}

impl KeptRequest {
    pub(super) fn new(request: &Request<'_>) -> Self {
        Self {
            method: request.method.to_owned(),
            scheme: request.scheme.map(str::to_owned),
            authority: request.authority.map(str::to_owned),
            path: request.path.to_owned(),
            query: request.query.map(str::to_owned),
            template: request.template.map(str::to_owned),
            version: request.version,
            peer: request.peer,
        }
    }

    pub(super) fn show(&self, hook: impl FnOnce(&Request<'_>)) {
        let request = Request::new(&self.method, &self.path, &NoHeaders)
            .scheme(self.scheme.as_deref())
            .authority(self.authority.as_deref())
            .query(self.query.as_deref())
            .template(self.template.as_deref())
            .version(self.version)
            .peer(self.peer);
        hook(&request);
    }
}

struct NoHeaders;

impl Extractor for NoHeaders {
    fn get(&self, _: &str) -> Option<&str> {
        None
    }

    fn keys(&self) -> Vec<&str> {
        Vec::new()
    }
}
