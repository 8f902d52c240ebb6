//! The reports to an operation between its start and its end.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use super::lifecycle::Operation;
use super::peer::peer_attributes;
use super::recording::{Recording, written};
use super::route::RouteHandle;
use crate::config::Attributes;
use crate::facts::Response;
use crate::outcome::{Failure, HttpOutcome, Outcome};

impl Operation {
    /// Records a route found after the start. The longest one becomes `http.route`. It is ignored
    /// if a [`template`](crate::Request::template) was given at the start.
    ///
    /// For an RPC, it records that the server knows the method, `package.Service/Method`.
    pub fn record_route(&mut self, route: &str) {
        if let Some((recording, _)) = self.recording() {
            recording.route.find(route);
        }
    }

    /// A handle by which inner layers report their route to this operation.
    ///
    /// `None` if the operation [is not recording](Self::is_recording), or if the route is final.
    #[must_use]
    pub fn route_handle(&mut self) -> Option<RouteHandle> {
        let (recording, _) = self.recording()?;
        recording.route.open().map(RouteHandle)
    }

    /// Records the address of the peer, if it becomes known only with the response.
    pub fn record_peer(&mut self, peer: SocketAddr) {
        if let Some((recording, _)) = self.recording().filter(|(it, _)| it.span_records) {
            recording.late.extend(peer_attributes(peer));
        }
    }

    /// Records the head of the response.
    ///
    /// For an RPC without messages, the head contains the status.
    pub fn record_response(&mut self, response: &Response<'_>) {
        let Some((recording, instrumentation)) = self.recording() else {
            return;
        };
        match &mut recording.outcome {
            Outcome::Http(http) => http.respond(response.status, response.version),
            Outcome::Rpc(rpc) => {
                rpc.respond(response.status);
                if let Some(message) = rpc.read_status(response.headers) {
                    recording.message = message;
                }
            }
            Outcome::Messaging(_) | Outcome::Db(_) => {}
        }
        recording.capture(&instrumentation.response_headers, response.headers);
        if let (Some(hook), Some(request)) = (
            &instrumentation.config.response_attributes,
            &recording.request,
        ) {
            let mut attributes = Attributes::default();
            request.show(|request| hook(request, response, &mut attributes));
            recording.add(attributes);
        }
    }

    /// Records the framework's message about a [response](Self::record_response) that is an error.
    /// It goes to the span's status. It is ignored unless the status code counts as an error.
    pub fn record_error_message(&mut self, message: &dyn fmt::Display) {
        let Some((recording, _)) = self.recording() else {
            return;
        };
        let is_error = match &recording.outcome {
            Outcome::Http(http) => http.is_error(),
            Outcome::Rpc(_) | Outcome::Messaging(_) | Outcome::Db(_) => false,
        };
        if recording.span_records && is_error {
            recording.message = written(message);
        }
    }

    /// Records that the operation failed. `error_type`, of low cardinality, goes to the span and
    /// the metric; `message` goes only to the span's status, unless it is empty. The first failure
    /// counts.
    ///
    /// The duration continues until [`finish`](Self::finish) or the drop.
    pub fn fail(
        &mut self,
        error_type: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) {
        if let Some((recording, _)) = self.recording() {
            recording.failure.get_or_insert_with(|| Failure {
                error_type: error_type.into(),
                message: message.into(),
            });
        }
    }

    /// True if the sizes of bodies are recorded. Otherwise an instrumentation need not look for
    /// them.
    #[must_use]
    pub fn measures_bodies(&self) -> bool {
        let instrumentation = self.state().and_then(|it| it.instrumentation.as_ref());
        self.is_recording() && instrumentation.is_some_and(|it| it.config.body_sizes)
    }

    /// Records the size of the request's body in bytes, for instrumentations that know it.
    ///
    /// It is ignored without [`body_sizes`](crate::ServerConfig::body_sizes), and so is the size of
    /// the response's body.
    pub fn record_request_body_size(&mut self, bytes: u64) {
        if let Some(http) = self.sized() {
            http.request_body_size = Some(bytes);
        }
    }

    /// Records how many bytes of the response's body were sent or received.
    pub fn record_response_body_size(&mut self, bytes: u64) {
        if let Some(http) = self.sized() {
            http.response_body_size = Some(bytes);
        }
    }

    /// True if the response is complete with its head, for a request whose outcome is recorded.
    pub(super) fn ends_with_head(&mut self) -> bool {
        match self.recording() {
            Some((Recording { outcome, .. }, _)) => match outcome {
                Outcome::Http(http) => http.ends_with_head(),
                Outcome::Rpc(_) | Outcome::Messaging(_) | Outcome::Db(_) => false,
            },
            None => false,
        }
    }

    /// The outcome, if it records the sizes of bodies.
    fn sized(&mut self) -> Option<&mut HttpOutcome> {
        let (recording, instrumentation) = self.recording()?;
        match &mut recording.outcome {
            Outcome::Http(http) => instrumentation.config.body_sizes.then_some(http),
            Outcome::Rpc(_) | Outcome::Messaging(_) | Outcome::Db(_) => None,
        }
    }
}
