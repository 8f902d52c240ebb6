//! `http.route`, which actix reports in two ways. They are not equally reliable.

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::dev::ResourceMap;
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;

/// The pattern of the resource that the request was routed to; `None` for a default service.
///
/// `match_pattern` cannot distinguish these two: if routing found nothing, it returns the first
/// pattern that fits the path, whatever its guards say. The processed part of the path shows the
/// difference.
pub(crate) fn matched(request: &HttpRequest) -> Option<String> {
    let path = request.match_info();
    let routed = path.as_str().strip_suffix(path.unprocessed())?;
    if routed.is_empty() {
        return None;
    }
    let pattern = request.match_pattern()?;
    // A service under a prefix (`actix-files`) leaves a part unprocessed, and so does a scope
    // without a resource for the path. A pattern that fits the whole path, although a part is
    // unprocessed, is not the routed one.
    let is_guess = !path.unprocessed().is_empty() && segments(&pattern) > segments(routed);
    (!is_guess).then_some(pattern)
}

fn segments(path: &str) -> usize {
    path.bytes().filter(|byte| *byte == b'/').count()
}

/// Finds the route of a request that ended without a response.
///
/// The request is gone by then, and actix fails if a clone of it is kept. The result is the first
/// pattern that fits the path, which is right unless guards decide between several.
pub(crate) struct Fallback {
    /// `None` for CONNECT, which has only an authority.
    path: Option<PathAndQuery>,
    resources: Rc<ResourceMap>,
}

impl Fallback {
    pub(crate) fn new(uri: &Uri, resources: &Rc<ResourceMap>) -> Self {
        Self {
            path: uri.path_and_query().cloned(),
            resources: Rc::clone(resources),
        }
    }

    pub(crate) fn route(&self) -> Option<String> {
        self.resources.match_pattern(self.path.as_ref()?.path())
    }
}
