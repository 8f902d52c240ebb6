//! The contract of gRPC servers and clients.
//!
//! A server that tonic's services run in implements [`RpcApp`], and `rpc_contract!` makes one test
//! of each scenario. Client and server record to the same place, so that a test sees whole traces.
//!
//! Ids such as GR-04 name rows of the list of conformance scenarios.

pub mod calls;
pub mod configuration;
mod expected;
pub mod failures;
pub mod methods;

use std::net::SocketAddr;

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_tonic::{
    ClientConfig, OtelClientLayer, OtelClientService, OtelServerLayer, ServerConfig,
};
use tonic::transport::{Channel, Endpoint};
use tower::ServiceBuilder;

pub use self::expected::Expected;
use crate::apps::Controller;
use crate::apps::greeter::GreeterClient;
use crate::contract::server::Served;
use crate::observed::spans_of;

/// Makes one test of each scenario, for the [`RpcApp`] given.
#[macro_export]
macro_rules! rpc_contract {
    ($app:expr) => {
        $crate::rpc_contract! { $app;
            calls {
                every_shape_makes_one_span_on_each_side
                handlers_and_streams_run_inside_the_span
                the_server_span_ends_after_its_children
                codes_are_errors_by_the_side
                a_refusal_speaks_for_the_method_if_the_call_was_read
                an_error_after_the_first_message_counts
                compression_changes_nothing
                metadata_that_is_no_text_is_no_trouble
                generated_services_are_recorded_as_any_other
            }
            failures {
                a_panic_is_an_error
                a_panic_in_a_stream_is_an_error
                a_client_that_goes_before_the_head_cancels
                a_client_that_goes_before_the_trailers_cancels
                a_client_that_breaks_off_its_messages_cancels
                a_deadline_ends_both_sides
                races_leave_nothing_open
            }
            methods {
                unknown_methods_are_no_labels
                paths_that_name_no_method_are_no_trouble
                a_listed_method_is_known_from_the_start
                refusals_in_front_of_the_methods_teach_nothing
                an_unimplemented_method_is_other
                attackers_make_no_labels
            }
            configuration {
                a_health_check_is_filtered_and_passes_its_context_on
                captured_metadata_are_lists
                a_suppressed_call_leaves_nothing_behind
                a_public_endpoint_links_instead_of_continuing
                a_custom_span_name_stays
                further_attributes_go_where_the_hook_says
                the_hook_of_the_response_has_the_last_word
                a_handler_names_its_error
                an_unsampled_call_is_still_measured
                without_an_sdk_the_context_passes_through
                two_layers_make_one_span
            }
        }
    };
    ($app:expr; $($module:ident { $($scenario:ident)+ })+) => {
        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                $crate::contract::rpc::$module::$scenario(&$app).await;
            })+
        })+
    };
}

/// A server that tonic's services run in.
pub trait RpcApp: Sync {
    /// Serves [`routes`](crate::apps::tonic::routes) on a free port of the loopback interface, with
    /// the layer around all of them.
    fn serve(
        &self,
        layer: OtelServerLayer,
        controller: Controller,
    ) -> impl Future<Output = Served> + Send;

    /// Whether the layer learns the address of the peer.
    fn knows_peer(&self) -> bool;
}

/// The greeter, called by an instrumented client.
pub type Greeter = GreeterClient<OtelClientService<Channel>>;

/// A server under test and its client, with everything that they record.
#[derive(Debug)]
pub struct Running {
    /// What is recorded.
    pub capture: Capture,
    /// What the handlers do.
    pub controller: Controller,
    /// The client.
    pub greeter: Greeter,
    served: Served,
    knows_peer: bool,
}

impl Running {
    /// Starts with the defaults.
    pub async fn start(app: &impl RpcApp) -> Self {
        Self::configured(app, |server| server, |client| client).await
    }

    /// Starts with further options.
    pub async fn configured(
        app: &impl RpcApp,
        server: impl FnOnce(ServerConfig) -> ServerConfig,
        client: impl FnOnce(ClientConfig) -> ClientConfig,
    ) -> Self {
        let capture = Capture::new();
        let server = server(ServerConfig::new().providers(capture.providers()));
        let client = client(ClientConfig::new().providers(capture.providers()));
        Self::with(app, capture, OtelServerLayer::with_config(server), client).await
    }

    /// Starts with exactly this configuration.
    pub async fn with(
        app: &impl RpcApp,
        capture: Capture,
        layer: OtelServerLayer,
        client: ClientConfig,
    ) -> Self {
        let controller = Controller::new(&capture);
        let served = app.serve(layer, controller.clone()).await;
        let greeter = greeter(served.address(), client);
        Self {
            capture,
            controller,
            greeter,
            served,
            knows_peer: app.knows_peer(),
        }
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.served.address()
    }

    /// The spans of the only call, once both have ended.
    pub async fn spans(&self) -> (SpanData, SpanData) {
        let client = spans_of(&self.capture, SpanKind::Client, 1).await.remove(0);
        let server = spans_of(&self.capture, SpanKind::Server, 1).await.remove(0);
        (client, server)
    }

    /// Stops the server, and checks that there was exactly this one call, and that its server span
    /// is the child of the client span.
    pub async fn expect(self, expected: &Expected) -> (SpanData, SpanData) {
        let (client, server) = self.spans().await;
        let address = self.address();
        drop(self.greeter);
        self.served.stop().await;
        expected.assert_client(&self.capture, address, &client);
        expected.assert_server(&self.capture, address, self.knows_peer, &server);
        assert_eq!(server.parent_span_id, client.span_context.span_id());
        spans_of(&self.capture, SpanKind::Client, 1).await;
        spans_of(&self.capture, SpanKind::Server, 1).await;
        (client, server)
    }
}

/// An instrumented client of the server at this address.
#[must_use]
pub fn greeter(server: SocketAddr, config: ClientConfig) -> Greeter {
    let endpoint = endpoint(server);
    let layer = OtelClientLayer::with_config(config).endpoint(&endpoint);
    let channel = ServiceBuilder::new()
        .layer(layer)
        .service(endpoint.connect_lazy());
    GreeterClient::new(channel)
}

/// The endpoint of a server.
#[must_use]
pub fn endpoint(server: SocketAddr) -> Endpoint {
    Endpoint::from_shared(format!("http://{server}")).expect("a URI")
}
