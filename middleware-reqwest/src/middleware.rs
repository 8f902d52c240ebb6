//! The middleware for reqwest-middleware.

use std::borrow::Cow;

use async_trait::async_trait;
use http::Extensions;
use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use otel_instrumentation::{ClientConfig, HttpClientInstrumentation, instrumentation_scope};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use crate::attempt::{Attempt, UnderWay};
use crate::error::describe_middleware;
use crate::{request, response};

/// Records a client span and the metrics of every request, and sends the context with the request.
///
/// ```
/// use otel_middleware_reqwest::OtelMiddleware;
/// use reqwest_middleware::ClientBuilder;
///
/// let client = ClientBuilder::new(reqwest::Client::new()).with(OtelMiddleware::new()).build();
/// # let _ = client;
/// ```
///
/// If it is added after a retrying middleware, there is one span for each attempt. From the second
/// attempt on, the span has `http.request.resend_count`, which is counted in the request's
/// [`Extensions`]. If it is added before the retrying middleware, there is one span for all
/// attempts.
///
/// # When a request ends
///
/// Span and duration end once and at the same instant:
///
/// | what happens | outcome |
/// |---|---|
/// | the head of the response, or with [`body_end(true)`](ClientConfig::body_end) the end or the drop of its body | an error from 400 on, named by the status |
/// | the request fails | error: `timeout`, `dns`, `tls`, `connect`, … |
/// | the caller drops it before the head | no error, and no status code |
/// | a panic inside | error `panic` |
#[derive(Clone, Debug)]
pub struct OtelMiddleware {
    client: HttpClientInstrumentation,
}

/// The template of a request's URL, for the span's name and `url.template`. Use only a few
/// different templates.
///
/// ```no_run
/// use otel_middleware_reqwest::UrlTemplate;
/// # async fn example(client: reqwest_middleware::ClientWithMiddleware) {
/// let user = client
///     .get("http://users.internal/users/42")
///     .with_extension(UrlTemplate("/users/{id}".into()))
///     .send()
///     .await;
/// # let _ = user;
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate(pub Cow<'static, str>);

impl OtelMiddleware {
    /// Records what the conventions require and recommend, with the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ClientConfig::new())
    }

    /// Records what `config` asks for, with its providers.
    #[must_use]
    pub fn with_config(config: ClientConfig) -> Self {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            client: HttpClientInstrumentation::new(scope, config),
        }
    }
}

impl Default for OtelMiddleware {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Middleware for OtelMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        if Context::is_current_telemetry_suppressed() {
            return next.run(request, extensions).await;
        }
        let resend_count = match extensions.get::<Attempt>() {
            None => 0,
            Some(attempt) if !attempt.mark.is_under_way() => attempt.resend_count.saturating_add(1),
            Some(attempt) if attempt.is_recorded => return next.run(request, extensions).await,
            Some(attempt) => attempt.resend_count,
        };

        let template = extensions
            .get::<UrlTemplate>()
            .map(|UrlTemplate(template)| &**template);
        let mut operation = request::start(&self.client, &mut request, template, resend_count);
        let under_way = UnderWay::begin();
        extensions.insert(Attempt {
            resend_count,
            mark: under_way.mark(),
            is_recorded: operation.is_recorded(),
        });

        let context = operation.context().clone();
        let result = next.run(request, extensions).with_context(context).await;
        match result {
            Ok(response) => Ok(response::complete(
                response,
                operation,
                self.client.ends_with_body(),
            )),
            Err(error) => {
                let described = describe_middleware(&error);
                operation.fail(described.error_type, described.message);
                operation.finish();
                Err(error)
            }
        }
    }
}
