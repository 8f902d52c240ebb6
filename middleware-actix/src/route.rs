//! `http.route`, which actix tells in two ways of different worth.

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::dev::ResourceMap;
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;

/// The pattern of the resource that the request was routed to; `None` for a default service.
///
/// `match_pattern` cannot tell these two apart: where routing found nothing, it answers with the
/// first pattern that fits the path, whatever its guards say. How much of the path was used up
/// can.
pub(crate) fn matched(request: &HttpRequest) -> Option<String> {
    let path = request.match_info();
    let routed = path.as_str().strip_suffix(path.unprocessed())?;
    if routed.is_empty() {
        return None;
    }
    let pattern = request.match_pattern()?;
    // A service under a prefix (`actix-files`) leaves a rest, and so does a scope that has no
    // resource for it. What fits the whole path, in spite of a rest, was not routed to.
    let is_guess = !path.unprocessed().is_empty() && segments(&pattern) > segments(routed);
    (!is_guess).then_some(pattern)
}

fn segments(path: &str) -> usize {
    path.bytes().filter(|byte| *byte == b'/').count()
}

/// Finds the route of a request that ends without a response.
///
/// The request is gone by then, and a clone of it is what actix does not survive. The first
/// pattern that fits the path is the one, unless guards decide between several.
pub(crate) struct Fallback {
    /// `None` for the authority alone that a CONNECT has.
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
