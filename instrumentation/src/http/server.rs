//! HTTP server spans and metrics (`docs/http/http-spans.md`, "HTTP server span").

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue};

use super::address::ServerAddress;
use super::forwarded::Forwarded;
use super::url::redact_query;
use crate::config::{Attributes, Common, HttpDefaults, Method, Role, ServerConfig, ServerOptions};
use crate::facts::Request;
use crate::operation::{
    Convention, Instrumentation, Operation, Origin, Route, Start, peer_attributes,
};
use crate::outcome::{HttpOutcome, Outcome, Side};
use crate::reuse::{intern, label_list};
use crate::semconv;

/// The HTTP server convention for one configuration; cheap to clone.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{
///     HttpServerInstrumentation, Request, Response, ServerConfig, instrumentation_scope,
/// };
///
/// let scope = instrumentation_scope("my-framework", "1.0.0");
/// let server = HttpServerInstrumentation::new(scope, ServerConfig::new());
/// let headers: HashMap<String, String> = HashMap::new();
/// let mut operation = server.start(
///     &Request::new("GET", "/users/42", &headers)
///         .authority("example.com")
///         .template("/users/{id}")
///         .version("1.1"),
/// );
/// let status = operation.run(|| 200);
/// operation.record_response(&Response::new(status, &headers));
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct HttpServerInstrumentation {
    instrumentation: Arc<Instrumentation>,
    options: ServerOptions,
}

impl HttpServerInstrumentation {
    /// `scope` names the instrumentation, see [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ServerConfig) -> Self {
        let ServerConfig {
            mut common,
            options,
        } = config;
        HttpDefaults::fill_in(&mut common, Role::Server);
        Self {
            instrumentation: Instrumentation::new(Convention::HttpServer, scope, common),
            options,
        }
    }

    /// Starts the operation of a request: extracts its context and starts its span as a child of
    /// the remote span.
    ///
    /// Without a remote span, an active local span is the parent, for instance if a handler calls
    /// another router of its process. Otherwise the trace begins here.
    pub fn start(&self, request: &Request<'_>) -> Operation {
        let Self {
            instrumentation,
            options,
        } = self;
        let origin = match Origin::incoming(instrumentation, request, options) {
            Ok(origin) => origin,
            Err(unrecorded) => return unrecorded,
        };

        let method = instrumentation
            .config
            .known_methods
            .classify(request.method);
        let forwarded = Forwarded::read(request.headers, options.trust_forwarded);
        let scheme = scheme(request, &forwarded, options);
        let (name, route) = match request.template.filter(|route| !route.is_empty()) {
            Some(route) => {
                let (name, route) = intern::name(&method.name, route);
                (name, Some(route))
            }
            None => (method.name.clone(), None),
        };

        let measures = instrumentation.measures();
        let mut labels = Vec::new();
        if measures {
            labels = label_list::list();
            let label = method.label.clone();
            labels.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, label));
            labels.push(KeyValue::new(semconv::URL_SCHEME, scheme));
        }
        let span = match origin.may_have_span() {
            true => self.describe(request, &method, scheme, route.as_ref(), &forwarded),
            false => Vec::new(),
        };

        let start = Start {
            origin,
            name,
            word: method.name,
            attributes: Attributes::new(span, labels),
            measures,
            route: route.map_or(Route::Unknown, Route::Final),
            outcome: Outcome::Http(HttpOutcome::new(
                Side::Server,
                request.method,
                request.version,
            )),
        };
        start.begin(instrumentation, request)
    }

    /// The attributes of the span that are known at the start.
    fn describe(
        &self,
        request: &Request<'_>,
        method: &Method,
        scheme: &'static str,
        route: Option<&Cow<'static, str>>,
        forwarded: &Forwarded<'_>,
    ) -> Vec<KeyValue> {
        let config = &self.instrumentation.config;
        let mut span = Vec::with_capacity(ATTRIBUTES);
        span.push(KeyValue::new(
            semconv::HTTP_REQUEST_METHOD,
            method.label.clone(),
        ));
        let path = request.path.to_owned();
        span.push(KeyValue::new(semconv::URL_PATH, path));
        span.push(KeyValue::new(semconv::URL_SCHEME, scheme));
        if !method.known {
            let original = request.method.to_owned();
            span.push(KeyValue::new(
                semconv::HTTP_REQUEST_METHOD_ORIGINAL,
                original,
            ));
        }
        if let Some(route) = route {
            span.push(KeyValue::new(semconv::HTTP_ROUTE, route.clone()));
        }
        addresses(request, forwarded, config, &mut span);
        if let Some(query) = request.query.filter(|query| !query.is_empty()) {
            let query = redact_query(query, &config.sensitive_query_keys).into_owned();
            span.push(KeyValue::new(semconv::URL_QUERY, query));
        }
        let agent = request.headers.get("user-agent");
        if let Some(agent) = agent.filter(|agent| !agent.is_empty()) {
            let agent = intern::peer(agent);
            span.push(KeyValue::new(semconv::USER_AGENT_ORIGINAL, agent));
        }
        if let Some(version) = request.version {
            span.push(KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version));
        }
        span
    }
}

/// Bounded, because it is a label: a scheme other than HTTP's counts as absent.
fn scheme(
    request: &Request<'_>,
    forwarded: &Forwarded<'_>,
    options: &ServerOptions,
) -> &'static str {
    let known = |scheme: &str| {
        ["http", "https", "ws", "wss"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(scheme))
    };
    [forwarded.scheme, request.scheme]
        .into_iter()
        .flatten()
        .find_map(known)
        .unwrap_or(options.scheme.as_str())
}

/// `server.*`, `client.address` and `network.peer.*`.
fn addresses(
    request: &Request<'_>,
    forwarded: &Forwarded<'_>,
    config: &Common,
    attributes: &mut Vec<KeyValue>,
) {
    let forwarded_to = forwarded.authority.map(|authority| ServerAddress {
        host: intern::peer(authority.host),
        port: authority.port,
    });
    if let Some(server) = forwarded_to.or_else(|| ServerAddress::of_server(request, config)) {
        server.describe(attributes);
    }
    if let Some(client) = forwarded.client {
        attributes.push(KeyValue::new(semconv::CLIENT_ADDRESS, client.to_owned()));
    }
    if let Some(peer) = request.peer {
        let [address, port] = peer_attributes(peer);
        if forwarded.client.is_none() {
            attributes.push(KeyValue::new(
                semconv::CLIENT_ADDRESS,
                address.value.clone(),
            ));
        }
        attributes.extend([address, port]);
    }
}

/// Capacity for the usual attributes and those set at the end, so that nothing is moved.
const ATTRIBUTES: usize = 15;
