//! The RPC conventions for gRPC (semantic conventions 1.45.0, `docs/rpc`).

mod client;
mod code;
mod method;
mod server;
mod target;

pub use self::client::RpcClient;
pub(crate) use self::code::{Code, percent_decoded};
pub use self::method::rpc_method;
pub use self::server::RpcServer;

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::{KeyValue, Value};

use crate::config::Attributes;
use crate::convention::{Convention, Ending};
use crate::http::{Bodiless, Endpoint, peer_attributes};
use crate::origin::Origin;
use crate::route::Route;
use crate::shared::{Shared, Start};
use crate::{Operation, Request, interned, labels, semconv};

/// What a call remembers beyond what every operation does.
#[derive(Debug)]
pub(crate) struct Call {
    /// The method as it was asked for, where nothing said at the start that it is recognised.
    pub(crate) original: Option<String>,
    /// The first status code that was seen.
    pub(crate) code: Option<Code>,
}

impl Call {
    /// The call has come to its end, with a status code also where nobody sent one.
    ///
    /// A call that nobody waits for any longer is cancelled, unless its head said already that
    /// something else than gRPC answered.
    pub(crate) fn complete(&mut self, ending: Ending, http_status: Option<u16>) {
        self.code.get_or_insert(match (ending, http_status) {
            (Ending::Dropped, None | Some(200)) => Code::Cancelled,
            (Ending::Finished | Ending::Dropped, Some(status)) => Code::from_http(status),
            (Ending::Finished, None) | (Ending::Panicked, _) => Code::Unknown,
        });
    }

    /// Adds the labels that the end knows. `method` is a recognised one.
    pub(crate) fn label(&self, method: Option<Cow<'static, str>>, labels: &mut Vec<KeyValue>) {
        let method = method.map_or(Value::from(semconv::OTHER), Value::from);
        labels.push(KeyValue::new(semconv::RPC_METHOD, method));
        if let Some(code) = self.code {
            labels.push(KeyValue::new(semconv::RPC_STATUS_CODE, code.label()));
        }
    }

    /// Sets the attributes of the span that the end knows. `found` is a method that the span does
    /// not have yet.
    pub(crate) fn describe(&mut self, found: Option<Cow<'static, str>>, set: impl Fn(KeyValue)) {
        let original = self.original.take();
        if let Some(found) = found {
            set(KeyValue::new(semconv::RPC_METHOD, found));
        } else if let Some(original) = original {
            set(KeyValue::new(semconv::RPC_METHOD, semconv::OTHER));
            if !original.is_empty() {
                set(KeyValue::new(semconv::RPC_METHOD_ORIGINAL, original));
            }
        }
        if let Some(code) = self.code {
            set(KeyValue::new(semconv::RPC_STATUS_CODE, code.value()));
        }
    }
}

/// Starts the operation of a call. The server is a label for those who call it.
fn begin(
    shared: &Arc<Shared>,
    request: &Request<'_>,
    origin: Origin,
    server: Option<Endpoint>,
) -> Operation {
    let (name, route, call) = identify(request);
    let system = KeyValue::new(semconv::RPC_SYSTEM_NAME, semconv::GRPC);

    let measures = shared.handles.instruments().is_some();
    let mut labels = Vec::new();
    if measures {
        labels = labels::list();
        labels.push(system.clone());
        if let (Convention::RpcClient, Some(server)) = (shared.convention, server.clone()) {
            server.describe(&mut labels);
        }
    }
    let mut span = Vec::with_capacity(ATTRIBUTES);
    span.push(system);
    if let Some(method) = route.given() {
        span.push(KeyValue::new(semconv::RPC_METHOD, method));
    }
    if let Some(server) = server {
        server.describe(&mut span);
    }
    if let Some(peer) = request.peer {
        span.extend(peer_attributes(peer));
    }

    let start = Start {
        origin,
        name,
        word: Cow::Borrowed(semconv::GRPC),
        attributes: Attributes { span, labels },
        measures,
        route,
        bodiless: Bodiless::ByStatus,
        call: Some(call),
    };
    shared.begin(request, start)
}

/// The name, the route and the call that an operation starts with.
///
/// A recognised method is the span's name. Another one may still turn out to be recognised.
fn identify(request: &Request<'_>) -> (Cow<'static, str>, Route, Call) {
    let recognised = request.template.filter(|method| !method.is_empty());
    let (name, route, original) = match recognised {
        Some(method) => {
            let method = interned::route(method);
            (method.clone(), Route::Final(method), None)
        }
        None => (
            Cow::Borrowed(semconv::GRPC),
            Route::Unknown,
            Some(method::original(request.path).to_owned()),
        ),
    };
    let call = Call {
        original,
        code: None,
    };
    (name, route, call)
}

/// Room for the usual attributes and those that come at the end, so that nothing is moved.
const ATTRIBUTES: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_without_a_status_get_one() {
        // GR-28, and the lifecycle table: dropped before the trailers is cancelled.
        let cases = [
            (Ending::Finished, None, Code::Unknown),
            (Ending::Finished, Some(200), Code::Unknown),
            (Ending::Finished, Some(404), Code::Unimplemented),
            (Ending::Finished, Some(503), Code::Unavailable),
            (Ending::Dropped, None, Code::Cancelled),
            (Ending::Dropped, Some(200), Code::Cancelled),
            (Ending::Dropped, Some(401), Code::Unauthenticated),
            (Ending::Panicked, None, Code::Unknown),
            (Ending::Panicked, Some(200), Code::Unknown),
        ];
        for (ending, status, expected) in cases {
            let mut call = Call {
                original: None,
                code: None,
            };
            call.complete(ending, status);
            assert_eq!(call.code, Some(expected), "{ending:?} {status:?}");
            call.code = Some(Code::NotFound);
            call.complete(ending, status);
            assert_eq!(call.code, Some(Code::NotFound));
        }
    }
}
