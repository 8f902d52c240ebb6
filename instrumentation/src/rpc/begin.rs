//! The start of calls, common to servers and clients.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::KeyValue;

use super::method;
use crate::config::Attributes;
use crate::facts::Request;
use crate::http::ServerAddress;
use crate::operation::{Instrumentation, Origin, Route, RpcOperation, Start, peer_attributes};
use crate::outcome::{Outcome, RpcOutcome, Side};
use crate::reuse::{intern, label_list};
use crate::semconv;

/// Starts the operation of a call. For clients, the server is a label.
pub(super) fn begin(
    instrumentation: &Arc<Instrumentation>,
    request: &Request<'_>,
    origin: Origin,
    server: Option<ServerAddress>,
) -> RpcOperation {
    let side = instrumentation.convention.side();
    let (name, route, original) = identify(request);
    let system = KeyValue::new(semconv::RPC_SYSTEM_NAME, semconv::GRPC);

    let measures = instrumentation.measures();
    let mut labels = Vec::new();
    if measures {
        labels = label_list::list();
        labels.push(system.clone());
        if let (Side::Client, Some(server)) = (side, server.clone()) {
            server.describe(&mut labels);
        }
    }
    let mut span = Vec::new();
    if origin.may_have_span() {
        span = Vec::with_capacity(ATTRIBUTES);
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
    }

    let start = Start {
        origin,
        name,
        word: Cow::Borrowed(semconv::GRPC),
        attributes: Attributes::new(span, labels),
        measures,
        route,
        outcome: Outcome::Rpc(RpcOutcome::new(side, original)),
    };
    RpcOperation::new(start.begin(instrumentation, request))
}

/// The name and the route that an operation starts with, and the requested method if it is not
/// known to be recognised.
///
/// A recognised method is the span's name. Any other may still be recognised later.
fn identify(request: &Request<'_>) -> (Cow<'static, str>, Route, Option<String>) {
    let recognised = request.template.filter(|method| !method.is_empty());
    match recognised {
        Some(method) => {
            let method = intern::route(method);
            (method.clone(), Route::Final(method), None)
        }
        None => (
            Cow::Borrowed(semconv::GRPC),
            Route::Unknown,
            Some(method::original(request.path).to_owned()),
        ),
    }
}

/// Capacity for the usual attributes and those set at the end, so that nothing is moved.
const ATTRIBUTES: usize = 9;
