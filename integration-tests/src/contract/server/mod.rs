//! The contract of HTTP server middlewares.
//!
//! A framework implements [`ServerApp`]: it serves the routes of [`apps`](crate::apps) with a
//! configuration, and declares where it [differs](Differences). `server_contract!` then makes one
//! test of each scenario.
//!
//! Ids such as HS-02 name rows of the list of conformance scenarios.

pub mod configuration;
pub mod connections;
mod expected;
pub mod lifecycle;
pub mod propagation;
pub mod requests;
pub mod resets;
pub mod trailers;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::ServerConfig;
use otel_instrumentation::testing::Capture;

pub use self::expected::Expected;
use crate::apps::Controller;
use crate::observed::spans_of;
use crate::semconv;
use crate::wire::{exchange, in_time};

/// Makes one test of each scenario, for the [`ServerApp`] given.
///
/// After the application come the abilities that not every framework has: `resets` and `trailers`,
/// which are modules of scenarios.
#[macro_export]
macro_rules! server_contract {
    ($app:expr $(, $capability:ident)*) => {
        $($crate::server_contract! { @$capability $app })*
        $crate::server_contract! { $app;
            requests {
                a_request_makes_one_span
                the_host_is_taken_apart
                the_fields_of_a_form_are_not_recorded
                sequential_requests_make_separate_traces
                the_handler_runs_inside_the_span
                an_error_of_a_middleware_inside_has_the_route
            }
            connections {
                http_1_0_has_its_version
                requests_share_a_connection
                http_2_has_its_authority_and_version
                http_2_requests_share_a_connection
                a_stream_that_is_reset_before_the_body_ends_cancels
            }
            propagation {
                a_remote_trace_is_continued
                a_local_span_is_the_parent_where_no_context_came
                baggage_reaches_the_handler
                incoming_baggage_has_a_limit
                a_decision_without_a_trace_is_obeyed
                the_response_tells_its_span_on_request
                concurrent_requests_do_not_mix
            }
            configuration {
                captured_headers_are_lists
                a_filtered_request_only_passes_its_context_on
                a_suppressed_request_leaves_nothing_behind
                a_public_endpoint_links_instead_of_continuing
                a_custom_span_name_stays
                further_attributes_go_where_the_hook_says
                the_hook_of_the_response_has_the_last_word
                a_unix_socket_is_the_address_of_its_server
                body_sizes_are_measured_on_request
                forwarded_headers_are_believed_as_configured
                the_scheme_can_be_configured
                an_unsampled_request_is_still_measured
                nothing_is_recorded_where_nothing_is_sampled
                without_an_sdk_the_context_passes_through
            }
            lifecycle {
                an_operation_ends_with_its_response
                a_panic_ends_the_operation
                a_client_that_goes_before_the_head_cancels
                a_client_that_goes_before_the_body_ends_cancels
                a_broken_body_is_an_error
                a_body_whose_time_was_up_is_a_timeout
                a_body_that_is_too_short_is_an_error
                a_body_that_is_never_polled_to_its_end_is_complete
                an_upgrade_ends_the_operation_and_works
                a_task_that_keeps_the_context_does_not_stretch_the_span
            }
        }
    };
    (@trailers $app:expr) => {
        $crate::server_contract! { $app;
            trailers {
                trailers_end_the_body
                trailers_end_the_body_of_a_stream
            }
        }
    };
    (@resets $app:expr) => {
        $crate::server_contract! { $app;
            resets {
                a_stream_that_is_reset_before_the_head_cancels
            }
        }
    };
    ($app:expr; $($module:ident { $($scenario:ident)+ })+) => {
        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                $crate::contract::server::$module::$scenario(&$app).await;
            })+
        })+
    };
}

/// A framework's application.
pub trait ServerApp: Sync {
    /// Serves the routes of [`apps`](crate::apps) on a free port of the loopback interface, inside
    /// of the middleware with this configuration.
    fn serve(
        &self,
        config: ServerConfig,
        controller: Controller,
    ) -> impl Future<Output = Served> + Send;

    /// The differences of the framework.
    fn differences(&self) -> Differences;
}

/// A framework's application that is called within a context, as by a handler of the same process.
pub trait InnerApp: ServerApp {
    /// Serves as [`ServerApp::serve`] does. `context` is attached while a request is handled,
    /// outside of the middleware.
    fn serve_within(
        &self,
        context: Context,
        config: ServerConfig,
        controller: Controller,
    ) -> impl Future<Output = Served> + Send;
}

/// The differences that a framework may have.
#[derive(Clone, Copy, Debug)]
pub struct Differences {
    /// Status and route of a request with a method that the route does not have.
    pub odd_method: (u16, Option<&'static str>),
    /// The description of the span's status for an error of a handler that became a 500.
    pub handler_error_message: &'static str,
    /// The description of the span's status for a body whose stream fails.
    pub body_error_message: &'static str,
}

/// A server that runs until it is told to stop.
pub struct Served {
    address: SocketAddr,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Served {
    /// `stop` lets the connections finish, and completes when all requests have ended.
    pub fn new(address: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            address,
            stop: Box::pin(stop),
        }
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server.
    pub async fn stop(self) {
        in_time("the server's end", self.stop).await;
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Served")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// An application under test, with everything that its middleware records.
#[derive(Debug)]
pub struct Running {
    /// What is recorded.
    pub capture: Capture,
    /// What the handlers do.
    pub controller: Controller,
    served: Served,
}

impl Running {
    /// Starts the application. The number of active requests is measured, too.
    pub async fn start(app: &impl ServerApp) -> Self {
        Self::configured(app, |config| config).await
    }

    /// Starts the application with further options.
    pub async fn configured(
        app: &impl ServerApp,
        configure: impl FnOnce(ServerConfig) -> ServerConfig,
    ) -> Self {
        let capture = Capture::new();
        let config = ServerConfig::new()
            .providers(capture.providers())
            .active_requests(true);
        Self::with(app, capture, configure(config)).await
    }

    /// Starts the application with exactly this configuration.
    pub async fn with(app: &impl ServerApp, capture: Capture, config: ServerConfig) -> Self {
        let controller = Controller::new(&capture);
        let served = app.serve(config, controller.clone()).await;
        Self {
            capture,
            controller,
            served,
        }
    }

    /// Starts the application within a context.
    pub async fn within(app: &impl InnerApp, capture: Capture, context: Context) -> Self {
        let config = ServerConfig::new()
            .providers(capture.providers())
            .active_requests(true);
        let controller = Controller::new(&capture);
        let served = app.serve_within(context, config, controller.clone());
        Self {
            served: served.await,
            capture,
            controller,
        }
    }

    /// Where the application listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.served.address()
    }

    /// Sends the [`request`] on a new connection, and returns the answer as it came.
    pub async fn ask(&self, line: &str, headers: &[&str]) -> (SocketAddr, String) {
        exchange(self.address(), request(line, headers)).await
    }

    /// Stops the application, and checks that it recorded exactly this one request.
    pub async fn expect(self, client: SocketAddr, expected: &Expected) -> SpanData {
        let capture = self.stop(1).await;
        let span = spans_of(&capture, SpanKind::Server, 1).await.remove(0);
        expected.assert(&capture, client, &span);
        span
    }

    /// Waits for this number of server spans, and stops the application.
    pub async fn stop(self, spans: usize) -> Capture {
        spans_of(&self.capture, SpanKind::Server, spans).await;
        self.served.stop().await;
        semconv::check(&self.capture);
        self.capture
    }
}

/// A request as text: its method and target, the standard headers, and further ones.
#[must_use]
pub fn request(line: &str, headers: &[&str]) -> String {
    let standard = [
        "Host: shop.example:8080",
        "User-Agent: test-user-agent",
        "Connection: close",
    ];
    let mut text = format!("{line} HTTP/1.1\r\n");
    for header in standard.iter().chain(headers) {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text + "\r\n"
}
