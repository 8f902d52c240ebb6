//! The data that all operations of one configuration share.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;

use super::convention::Convention;
use super::header_capture::HeaderCapture;
use crate::config::Common;
use crate::facts::Request;
use crate::providers::Resolved;

/// One convention with its options and its instruments.
#[derive(Debug)]
pub(crate) struct Instrumentation {
    pub(crate) convention: Convention,
    pub(crate) config: Common,
    pub(crate) resolved: Resolved,
    pub(super) request_headers: HeaderCapture,
    pub(super) response_headers: HeaderCapture,
    /// `None` if trailers are not recorded.
    pub(super) response_trailers: Option<HeaderCapture>,
}

impl Instrumentation {
    pub(crate) fn new(
        convention: Convention,
        scope: InstrumentationScope,
        config: Common,
    ) -> Arc<Self> {
        let definitions = convention
            .definitions()
            .only(config.active_requests, config.body_sizes);
        let (request_headers, response_headers) = convention.header_prefixes();
        Arc::new(Self {
            convention,
            resolved: Resolved::new(config.providers.clone(), scope, definitions),
            request_headers: HeaderCapture::new(request_headers, &config.request_headers),
            response_headers: HeaderCapture::new(response_headers, &config.response_headers),
            response_trailers: convention
                .trailer_prefix()
                .map(|prefix| HeaderCapture::new(prefix, &config.response_headers)),
            config,
        })
    }

    /// True if there is a provider to record to and the filter accepts the request.
    pub(crate) fn records(&self, request: &Request<'_>) -> bool {
        let filter = self.config.filter.as_ref();
        self.resolved.is_found() && filter.is_none_or(|accepts| accepts(request))
    }

    /// True if metrics are recorded, so that labels are needed.
    pub(crate) fn measures(&self) -> bool {
        self.resolved.instruments().is_some()
    }
}
