//! `server.address` and `server.port`.

use std::borrow::Cow;

use opentelemetry::KeyValue;

use crate::{Request, interned, semconv};

/// Where a request is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: Cow<'static, str>,
    pub(crate) port: Option<u16>,
}

impl Endpoint {
    /// What the request itself says: its authority, or the `host` header.
    pub(crate) fn of(request: &Request<'_>) -> Option<Self> {
        let authority = request.authority.and_then(interned::authority);
        authority.or_else(|| interned::authority(request.headers.get("host")?))
    }

    pub(crate) fn describe(self, attributes: &mut Vec<KeyValue>) {
        attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, self.host));
        if let Some(port) = self.port {
            attributes.push(KeyValue::new(semconv::SERVER_PORT, i64::from(port)));
        }
    }
}
