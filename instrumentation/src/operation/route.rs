//! The route of a request, which may be known at the start, later, or in an inner layer.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::reuse::intern;

/// A handle to the [`Operation`](crate::Operation) that records a request whose route is not final.
///
/// It is kept in the request's extensions beside [`HttpRecorded`](super::HttpRecorded), for an
/// inner layer that knows the route better.
#[derive(Clone, Debug)]
pub struct RouteHandle(pub(crate) Route);

impl RouteHandle {
    /// The same as [`Operation::record_route`](crate::Operation::record_route).
    pub fn refine(&self, route: &str) {
        self.0.refine(route);
    }
}

/// What is known about `http.route`, or about a method that the server knows.
#[derive(Clone, Debug, Default)]
pub(crate) enum Route {
    #[default]
    Unknown,
    /// Given at the start; the span has it already.
    Final(Cow<'static, str>),
    /// Found after the start, and no other layer looks for it.
    Found(Cow<'static, str>),
    /// May still be found by inner layers.
    Open(Arc<Mutex<Option<Cow<'static, str>>>>),
}

impl Route {
    /// Lets inner layers find the route, unless it was given at the start.
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

    /// Sets the route that the operation's own layer found.
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

    /// Keeps the longer of two routes: that of a nested router includes its prefix.
    pub(crate) fn refine(&self, route: &str) {
        let Self::Open(found) = self else {
            return;
        };
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_none_or(|known| known.len() < route.len()) && !route.is_empty() {
            *found = Some(intern::route(route));
        }
    }

    /// The route given at the start.
    pub(crate) fn given(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Final(route) => Some(route.clone()),
            Self::Unknown | Self::Found(_) | Self::Open(_) => None,
        }
    }

    /// The route known at the end.
    pub(crate) fn found(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Unknown => None,
            Self::Final(route) | Self::Found(route) => Some(route.clone()),
            Self::Open(found) => found.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
