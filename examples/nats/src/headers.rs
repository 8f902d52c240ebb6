//! The headers of NATS as a carrier.

use async_nats::HeaderMap;
use otel_propagation::{MessageHeaders, MessageHeadersMut};

#[derive(Debug, Default)]
pub(crate) struct Headers(pub(crate) HeaderMap);

impl MessageHeaders for Headers {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.0.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            let values = values.iter();
            values.map(move |value| (name, Some(value.as_str().as_bytes())))
        })
    }
}

impl MessageHeadersMut for Headers {
    fn remove(&mut self, name: &str) {
        let kept = self.headers().filter(|(known, _)| *known != name);
        let kept = kept.filter_map(|(name, value)| {
            let value = std::str::from_utf8(value?).ok()?;
            Some((name.parse().ok()?, value.parse().ok()?))
        });
        self.0 = kept.collect();
    }

    fn append(&mut self, name: &str, value: String) {
        self.0.append(name, value);
    }
}
