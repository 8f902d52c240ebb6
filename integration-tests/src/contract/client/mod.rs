//! What every HTTP client middleware has to do.
//!
//! A client takes part with a [`ClientApp`], which puts the middleware around a `reqwest::Client`.
//! `client_contract!` then makes one test of each scenario. Ids such as HC-01 name rows of the list
//! of conformance scenarios.

pub mod bodies;
pub mod configuration;
mod expected;
pub mod failures;
pub mod propagation;
pub mod requests;

use std::error::Error;
use std::future::Future;

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::ClientConfig;
use otel_instrumentation::testing::Capture;
use reqwest::{Client, Method, Request, Response, Url};

pub use self::expected::Expected;
use crate::apps::peer::Peer;
use crate::observed::spans_of;
use crate::semconv;
use crate::wire::in_time;

/// Makes one test of each scenario, for the [`ClientApp`] given.
#[macro_export]
macro_rules! client_contract {
    ($app:expr) => {
        $crate::client_contract! { $app;
            requests {
                a_request_makes_one_span
                redirects_keep_the_requests_headers
                http_2_has_its_version
                secrets_in_the_url_are_redacted
                concurrent_requests_do_not_mix
                the_caller_may_cancel
            }
            propagation {
                the_server_continues_the_trace
                a_span_of_any_kind_is_a_parent
                what_follows_a_request_is_its_sibling
                an_unsampled_parent_is_passed_on
                baggage_and_state_are_passed_on
                nothing_is_sent_where_it_must_not_go
                baggage_goes_where_it_may
                baggage_set_by_hand_gives_way
                suppressed_telemetry_passes_straight_through
                without_an_sdk_the_context_passes_through
            }
            configuration {
                captured_headers_are_lists
                a_filtered_request_only_passes_its_context_on
                a_custom_span_name_is_used
                further_attributes_go_where_the_hook_says
                the_hook_of_the_response_has_the_last_word
                a_unix_socket_is_the_address_of_its_server
                body_sizes_are_measured_on_request
            }
            failures {
                a_refused_connection_is_an_error
                a_failed_resolution_is_an_error
                a_timeout_while_connecting_is_an_error
                a_timeout_before_the_head_is_an_error
                too_many_redirects_are_an_error
                a_url_that_cannot_be_requested_is_an_error
                a_request_body_that_breaks_is_an_error
                a_connection_that_breaks_before_the_head_is_an_error
            }
            bodies {
                the_response_is_the_same_as_without_us
                the_operation_ends_with_the_head
                the_operation_ends_with_the_body_on_request
                a_body_that_is_dropped_is_no_error
                a_body_that_breaks_is_an_error
                a_body_that_takes_too_long_is_an_error
                a_response_without_a_body_ends_with_its_head
                an_upgrade_works
                a_redirected_request_body_is_sent_again
            }
        }
    };
    ($app:expr; $($module:ident { $($scenario:ident)+ })+) => {
        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                $crate::contract::client::$module::$scenario(&$app).await;
            })+
        })+
    };
}

/// The answer to a request, or the error.
pub type Answer = Result<Response, Box<dyn Error + Send + Sync>>;

/// A client with its middleware.
pub trait ClientApp: Sync {
    /// What requests are sent with.
    type Client: Clone + Send + Sync + 'static;

    /// Puts the middleware around a client.
    fn client(&self, config: ClientConfig, client: Client) -> Self::Client;

    /// Sends one request.
    fn send(
        client: Self::Client,
        request: Request,
    ) -> impl Future<Output = Answer> + Send + 'static;
}

/// A client under test, with everything that its middleware records, and a server to talk to.
#[derive(Debug)]
pub struct Running<A: ClientApp> {
    /// What is recorded.
    pub capture: Capture,
    /// The server that the client talks to.
    pub peer: Peer,
    client: A::Client,
}

impl<A: ClientApp> Running<A> {
    /// Starts one that also measures the number of active requests.
    pub async fn start(app: &A) -> Self {
        Self::configured(app, |config| config).await
    }

    /// With further options.
    pub async fn configured(app: &A, configure: impl FnOnce(ClientConfig) -> ClientConfig) -> Self {
        Self::with(app, configure, Client::new()).await
    }

    /// Starts one with further options, around this client.
    pub async fn with(
        app: &A,
        configure: impl FnOnce(ClientConfig) -> ClientConfig,
        client: Client,
    ) -> Self {
        let capture = Capture::new();
        let config = ClientConfig::new()
            .providers(capture.providers())
            .active_requests(true);
        Self {
            client: app.client(configure(config), client),
            peer: Peer::start().await,
            capture,
        }
    }

    /// A request to the peer.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, self.url(path))
    }

    /// A URL of the peer.
    #[must_use]
    pub fn url(&self, path: &str) -> Url {
        let url = format!("http://{}{path}", self.peer.address());
        Url::parse(&url).expect("a URL")
    }

    /// Sends a request.
    pub fn send(&self, request: Request) -> impl Future<Output = Answer> + Send + use<A> {
        in_time("an answer", A::send(self.client.clone(), request))
    }

    /// Sends a `GET` to the peer, which is answered.
    pub async fn get(&self, path: &str) -> Response {
        let request = self.request(Method::GET, path);
        self.send(request).await.expect("an answer")
    }

    /// Checks that exactly this one request was recorded.
    pub async fn expect(&self, expected: &Expected) -> SpanData {
        let span = spans_of(&self.capture, SpanKind::Client, 1).await.remove(0);
        expected.assert(&self.capture, self.peer.address(), &span);
        semconv::check(&self.capture);
        span
    }
}
