//! HTTP client spans and metrics (`docs/http/http-spans.md`, "HTTP client span").

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue};

use super::address::ServerAddress;
use super::authority::default_port;
use super::url;
use crate::config::{Attributes, ClientConfig, ClientOptions, Common, HttpDefaults, Role};
use crate::facts::Request;
use crate::operation::{Convention, Instrumentation, Operation, Origin, Route, Start};
use crate::outcome::{HttpOutcome, Outcome, Side};
use crate::reuse::{intern, label_list};
use crate::semconv;

/// The HTTP client convention for one configuration; cheap to clone.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{
///     ClientConfig, HttpClientInstrumentation, Request, Response, instrumentation_scope,
/// };
///
/// let scope = instrumentation_scope("my-client", "1.0.0");
/// let client = HttpClientInstrumentation::new(scope, ClientConfig::new());
/// let mut headers: HashMap<String, String> = HashMap::new();
/// let mut operation = client.start(
///     &Request::new("GET", "/users/42", &headers)
///         .scheme("https")
///         .authority("example.com"),
/// );
/// operation.inject(&mut headers);
/// operation.record_response(&Response::new(200, &headers).version("1.1"));
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct HttpClientInstrumentation {
    instrumentation: Arc<Instrumentation>,
    options: ClientOptions,
}

impl HttpClientInstrumentation {
    /// `scope` names the instrumentation, see [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ClientConfig) -> Self {
        let ClientConfig {
            mut common,
            options,
        } = config;
        HttpDefaults::fill_in(&mut common, Role::Client);
        Self {
            instrumentation: Instrumentation::new(Convention::HttpClient, scope, common),
            options,
        }
    }

    /// Starts the operation of a request, as a child of the current span.
    pub fn start(&self, request: &Request<'_>) -> Operation {
        self.start_resend(request, 0)
    }

    /// Starts the operation of a request that is sent again, for the `resend_count`-th time after
    /// the first.
    pub fn start_resend(&self, request: &Request<'_>, resend_count: u32) -> Operation {
        let Self {
            instrumentation,
            options,
        } = self;
        let origin = match Origin::outgoing(instrumentation, request, options) {
            Ok(origin) => origin,
            Err(unrecorded) => return unrecorded,
        };

        let method = instrumentation
            .config
            .known_methods
            .classify(request.method);
        let (name, template) = match request.template.filter(|template| !template.is_empty()) {
            Some(template) => {
                let (name, template) = intern::name(&method.name, template);
                (name, Some(template))
            }
            None => (method.name.clone(), None),
        };
        let server = server(request, &instrumentation.config);

        let measures = instrumentation.measures();
        let mut labels = Vec::new();
        if measures {
            labels = label_list::list();
            let label = method.label.clone();
            labels.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, label));
            if let Some(server) = server.clone() {
                server.describe(&mut labels);
            }
            if let Some(template) = &template {
                labels.push(KeyValue::new(semconv::URL_TEMPLATE, template.clone()));
            }
        }
        let mut span = Vec::new();
        if origin.may_have_span() {
            span = Vec::with_capacity(ATTRIBUTES);
            span.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, method.label));
            let url = url::full(request, &instrumentation.config.sensitive_query_keys);
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
        }

        let start = Start {
            origin,
            name,
            word: method.name,
            attributes: Attributes::new(span, labels),
            measures,
            route: Route::Unknown,
            outcome: Outcome::Http(HttpOutcome::new(
                Side::Client,
                request.method,
                request.version,
            )),
        };
        start.begin(instrumentation, request)
    }

    /// True if the operation lasts until the body's end ([`ClientConfig::body_end`]). This is for
    /// integrations of a client.
    #[must_use]
    pub fn ends_with_body(&self) -> bool {
        self.options.body_end
    }
}

/// The server with its port, which the scheme implies if it is not written.
fn server(request: &Request<'_>, config: &Common) -> Option<ServerAddress> {
    ServerAddress::socket(config).or_else(|| {
        let mut server = ServerAddress::of(request)?;
        server.port = server.port.or_else(|| default_port(request.scheme?));
        Some(server)
    })
}

/// Capacity for the usual attributes and those set at the end, so that nothing is moved.
const ATTRIBUTES: usize = 10;
