//! The route of a request, which may be known at the start, later, or by a layer further in.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::reuse::intern;

/// Leads from a request to the [`Operation`](crate::Operation) that records it but does not know
/// the route for good.
///
/// Kept in the request's extensions beside [`HttpRecorded`](super::HttpRecorded), for the layer that knows better.
#[derive(Clone, Debug)]
pub struct RouteHandle(pub(crate) Route);

impl RouteHandle {
    /// The same as [`Operation::record_route`](crate::Operation::record_route).
    pub fn refine(&self, route: &str) {
        self.0.refine(route);
    }
}

/// What is known of `http.route`, or of a method that a server knows.
#[derive(Clone, Debug, Default)]
pub(crate) enum Route {
    #[default]
    Unknown,
    /// Given at the start: the span has it already.
    Final(Cow<'static, str>),
    /// Found after the start, where no other layer looks for it.
    Found(Cow<'static, str>),
    /// May still be found, by layers further in.
    Open(Arc<Mutex<Option<Cow<'static, str>>>>),
}

impl Route {
    /// Lets layers further in find the route, unless the start gave one.
    pub(crate) fn open(&mut self) -> Option<Self> {
        match self {
            Self::Final(_) => return None,
            Self::Unknown => *self = Self::Open(Arc::default()),
            Self::Found(route) => {
                *self = Self::Open(Arc::new(Mutex::new(Some(route.clone()))));
            }
            Self::Open(_) => {}
        }
        Some(self.clone())
    }

    /// The layer that carries the operation found a route.
    pub(crate) fn find(&mut self, route: &str) {
        match self {
            Self::Open(_) => self.refine(route),
            Self::Unknown if !route.is_empty() => *self = Self::Found(intern::route(route)),
            Self::Found(known) if known.len() < route.len() => {
                *self = Self::Found(intern::route(route));
            }
            Self::Unknown | Self::Final(_) | Self::Found(_) => {}
        }
    }

    /// Keeps the longer of two routes: the one of a nested router has its prefix.
    pub(crate) fn refine(&self, route: &str) {
        let Self::Open(found) = self else {
            return;
        };
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_none_or(|known| known.len() < route.len()) && !route.is_empty() {
            *found = Some(intern::route(route));
        }
    }

    /// What the start gave.
    pub(crate) fn given(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Final(route) => Some(route.clone()),
            Self::Unknown | Self::Found(_) | Self::Open(_) => None,
        }
    }

    /// What is known at the end.
    pub(crate) fn found(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Unknown => None,
            Self::Final(route) | Self::Found(route) => Some(route.clone()),
            Self::Open(found) => found.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
