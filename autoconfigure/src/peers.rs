//! Names for called services: the names that they have for themselves, which a client does not
//! know.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::Value;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::Span;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanProcessor;

/// The names of services by address.
pub(crate) type Peers = HashMap<String, String>;

/// Adds the name of the service to client spans with a known `server.address`, unless they have a
/// name, before the next processor sees them.
#[derive(Debug)]
pub(crate) struct NamedPeers<P> {
    pub(crate) peers: Peers,
    pub(crate) next: P,
}

impl<P> NamedPeers<P> {
    fn name(&self, span: &SpanData) -> Option<KeyValue> {
        if self.peers.is_empty() || span.span_kind != SpanKind::Client {
            return None;
        }
        let find = |key: &str| {
            let mut attributes = span.attributes.iter();
            attributes.find(|attribute| attribute.key.as_str() == key)
        };
        let Value::String(address) = &find(ADDRESS)?.value else {
            return None;
        };
        let name = self.peers.get(address.as_str())?;
        find(NAME)
            .is_none()
            .then(|| KeyValue::new(NAME, name.clone()))
    }
}

impl<P: SpanProcessor> SpanProcessor for NamedPeers<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.next.on_start(span, cx);
    }

    fn on_end(&self, mut span: SpanData) {
        span.attributes.extend(self.name(&span));
        self.next.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

const ADDRESS: &str = "server.address";
const NAME: &str = "server.service.name";
