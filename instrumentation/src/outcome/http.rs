//! How an HTTP request ends (`docs/http/http-spans.md`, "Status"; `docs/http/http-metrics.md`).

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};

use super::ending::{Ending, Side};
use super::error_type::{CANCELLED, PANIC};
use super::message::Message;
use crate::reuse::intern;
use crate::semconv;

/// What an HTTP request learns by its end.
#[derive(Debug)]
pub(crate) struct HttpOutcome {
    pub(crate) side: Side,
    /// How the method decides where the response ends.
    pub(crate) message: Message,
    pub(crate) version: Option<&'static str>,
    pub(crate) status: Option<u16>,
    pub(crate) request_body_size: Option<u64>,
    pub(crate) response_body_size: Option<u64>,
}

impl HttpOutcome {
    pub(crate) fn new(side: Side, method: &str, version: Option<&'static str>) -> Self {
        Self {
            side,
            message: Message::answering(method),
            version,
            status: None,
            request_body_size: None,
            response_body_size: None,
        }
    }

    /// Records the head of the response. The response of a client knows the negotiated version,
    /// that of a server does not.
    pub(crate) fn respond(&mut self, status: u16, version: Option<&'static str>) {
        self.status = Some(status);
        if self.side == Side::Client {
            self.version = version.or(self.version);
        }
    }

    /// True if the status makes the response an error.
    pub(crate) fn is_error(&self) -> bool {
        self.status
            .is_some_and(|status| is_error(self.side, status))
    }

    /// True if the response is complete with its head.
    pub(crate) fn ends_with_head(&self) -> bool {
        self.status
            .is_some_and(|status| self.message.ends_with_head(status))
    }

    /// A caller that drops a client's request cancels it on purpose, which is not an error. A
    /// server's request is dropped because its client disconnected.
    pub(super) fn error_type(&self, ending: Ending) -> Option<Cow<'static, str>> {
        match (ending, self.status) {
            (Ending::Panicked, _) => Some(Cow::Borrowed(PANIC)),
            (_, Some(status)) if is_error(self.side, status) => {
                Some(Cow::Owned(status.to_string()))
            }
            (Ending::Dropped, _) if self.side == Side::Server => Some(Cow::Borrowed(CANCELLED)),
            (Ending::Dropped | Ending::Finished, _) => None,
        }
    }

    pub(super) fn span_name(method: &str, route: &str) -> Cow<'static, str> {
        intern::name(method, route).0
    }

    pub(super) fn label(
        &self,
        route: Option<Cow<'static, str>>,
        error_type: Option<StringValue>,
        labels: &mut Vec<KeyValue>,
    ) {
        if let Some(status) = self.status {
            labels.push(status_code(status));
        }
        if let Some(error_type) = error_type {
            labels.push(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
        if let Some(route) = route {
            labels.push(KeyValue::new(semconv::HTTP_ROUTE, route));
        }
        if let Some(version) = self.version {
            labels.push(KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version));
        }
    }

    /// Sets them one by one: usually there are two, and a chain of iterators costs more than their
    /// locks.
    pub(super) fn describe(&self, found_route: Option<Cow<'static, str>>, set: impl Fn(KeyValue)) {
        if let Some(status) = self.status {
            set(status_code(status));
        }
        if let Some(route) = found_route {
            set(KeyValue::new(semconv::HTTP_ROUTE, route));
        }
        // A server knows it at the start, a client once it is connected.
        if let (Side::Client, Some(version)) = (self.side, self.version) {
            set(KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version));
        }
        if let Some(size) = self.request_body_size {
            set(bytes(semconv::HTTP_REQUEST_BODY_SIZE, size));
        }
        if let Some(size) = self.response_body_size {
            set(bytes(semconv::HTTP_RESPONSE_BODY_SIZE, size));
        }
    }
}

/// Codes that cannot be interpreted are errors on both sides.
fn is_error(side: Side, status: u16) -> bool {
    match side {
        Side::Server => !(100..500).contains(&status),
        Side::Client => !(100..400).contains(&status),
    }
}

fn status_code(status: u16) -> KeyValue {
    KeyValue::new(semconv::HTTP_RESPONSE_STATUS_CODE, i64::from(status))
}

fn bytes(key: &'static str, size: u64) -> KeyValue {
    KeyValue::new(key, i64::try_from(size).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ending::{Dropped, Finished, Panicked};
    use Side::{Client, Server};

    #[test]
    fn error_types_follow_the_lifecycle_table() {
        let cases = [
            // HSU-20, HSU-22
            (Server, Finished, Some(99), Some("99")),
            (Server, Finished, Some(100), None),
            (Server, Finished, Some(200), None),
            (Server, Finished, Some(302), None),
            (Server, Finished, Some(400), None),
            (Server, Finished, Some(499), None),
            (Server, Finished, Some(500), Some("500")),
            (Server, Finished, Some(600), Some("600")),
            // HCU-09, HCU-10
            (Client, Finished, Some(99), Some("99")),
            (Client, Finished, Some(100), None),
            (Client, Finished, Some(399), None),
            (Client, Finished, Some(400), Some("400")),
            (Client, Finished, Some(503), Some("503")),
            (Client, Finished, Some(600), Some("600")),
            (Client, Finished, None, None),
            // The lifecycle table: dropped before the head, dropped with the body unfinished.
            (Server, Dropped, None, Some("cancelled")),
            (Server, Dropped, Some(200), Some("cancelled")),
            (Server, Dropped, Some(500), Some("500")),
            (Client, Dropped, None, None),
            (Client, Dropped, Some(200), None),
            (Client, Dropped, Some(404), Some("404")),
            (Server, Panicked, None, Some("panic")),
            (Client, Panicked, Some(200), Some("panic")),
        ];
        for (side, ending, status, expected) in cases {
            let mut outcome = HttpOutcome::new(side, "GET", None);
            outcome.status = status;
            let found = outcome.error_type(ending);
            assert_eq!(found.as_deref(), expected, "{side:?} {ending:?} {status:?}");
        }
    }
}
