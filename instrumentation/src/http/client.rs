//! HTTP client spans and metrics (`docs/http/http-spans.md`, "HTTP client span").

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue};

use super::authority::default_port;
use super::{Bodiless, Endpoint, url};
use crate::config::{Attributes, ClientConfig, ClientOptions};
use crate::convention::Convention;
use crate::origin::Origin;
use crate::route::Route;
use crate::shared::{Shared, Start};
use crate::{Operation, Request, interned, labels, semconv};

/// The HTTP client convention for one configuration; cheap to clone.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{ClientConfig, HttpClient, Request, Response, scope};
///
/// let client = HttpClient::new(scope("my-client", "1.0.0"), ClientConfig::new());
/// let mut headers: HashMap<String, String> = HashMap::new();
/// let mut operation = client.start(&Request {
///     method: "GET",
///     scheme: Some("https"),
///     authority: Some("example.com"),
///     path: "/users/42",
///     query: None,
///     template: None,
///     version: None,
///     peer: None,
///     headers: &headers,
/// });
/// operation.inject(&mut headers);
/// operation.respond(&Response { status: 200, version: Some("1.1"), headers: &headers });
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    options: ClientOptions,
}

impl HttpClient {
    /// `scope` names the instrumentation, see [`scope`](crate::scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ClientConfig) -> Self {
        let shared = Shared::new(Convention::HttpClient, scope, config.rules);
        Self {
            inner: Arc::new(Inner {
                shared,
                options: config.options,
            }),
        }
    }

    /// The request begins, as a child of the current span.
    pub fn start(&self, request: &Request<'_>) -> Operation {
        self.start_resend(request, 0)
    }

    /// The request begins again, for the `resend_count`-th time after the first.
    pub fn start_resend(&self, request: &Request<'_>, resend_count: u32) -> Operation {
        let Inner { shared, options } = &*self.inner;
        let origin = match Origin::outgoing(shared, request, options) {
            Ok(origin) => origin,
            Err(unrecorded) => return unrecorded,
        };

        let method = shared.rules.known_methods.classify(request.method);
        let (name, template) = match request.template.filter(|template| !template.is_empty()) {
            Some(template) => {
                let (name, template) = interned::name(&method.name, template);
                (name, Some(template))
            }
            None => (method.name.clone(), None),
        };
        let server = server(request);

        let measures = shared.handles.instruments().is_some();
        let mut labels = Vec::new();
        if measures {
            labels = labels::list();
            let label = method.label.clone();
            labels.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, label));
            if let Some(server) = server.clone() {
                server.describe(&mut labels);
            }
            if let Some(template) = &template {
                labels.push(KeyValue::new(semconv::URL_TEMPLATE, template.clone()));
            }
        }
        let mut span = Vec::with_capacity(ATTRIBUTES);
        span.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, method.label));
        let url = url::full(request, &shared.rules.sensitive_query_keys);
        span.push(KeyValue::new(semconv::URL_FULL, url));
        if !method.known {
            let original = request.method.to_owned();
            span.push(KeyValue::new(
                semconv::HTTP_REQUEST_METHOD_ORIGINAL,
                original,
            ));
        }
        if let Some(server) = server {
            server.describe(&mut span);
        }
        if let Some(template) = template {
            span.push(KeyValue::new(semconv::URL_TEMPLATE, template));
        }
        if resend_count > 0 {
            let count = i64::from(resend_count);
            span.push(KeyValue::new(semconv::HTTP_REQUEST_RESEND_COUNT, count));
        }

        let start = Start {
            origin,
            name,
            word: method.name,
            attributes: Attributes { span, labels },
            measures,
            route: Route::Unknown,
            bodiless: Bodiless::of(request.method),
            call: None,
        };
        shared.begin(request, start)
    }

    /// Whether the operation is to last until the body's end
    /// ([`ClientConfig::body_end`]), for those who integrate a client.
    #[must_use]
    pub fn ends_with_body(&self) -> bool {
        self.inner.options.body_end
    }
}

/// The port is known also where only the scheme implies it.
fn server(request: &Request<'_>) -> Option<Endpoint> {
    let mut server = Endpoint::of(request)?;
    server.port = server.port.or_else(|| default_port(request.scheme?));
    Some(server)
}

/// Room for the usual attributes and those that come at the end, so that nothing is moved.
const ATTRIBUTES: usize = 10;
