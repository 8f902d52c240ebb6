//! The span of the request that is being served, for handlers that add to it.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crate::outcome::ErrorType;
use crate::outcome::Failure;
use crate::reuse::pool::Pool;

/// The server span of the request that is being served here.
///
/// It is the span of the middleware, even if other spans have begun below it: inside
/// `#[tracing::instrument]` the current span is another one. It is available in the handler and in
/// everything that the handler calls and awaits. It is not available in a spawned task or another
/// thread, so get the handle before and move it there.
///
/// If no request is being served, or the request is not recorded, the handle does nothing.
///
/// ```
/// use opentelemetry::KeyValue;
/// use otel_instrumentation::server_span;
///
/// async fn checkout() {
///     let span = server_span();
///     span.set_attribute(KeyValue::new("shop.basket.size", 3));
///     // … in a spawned task, too:
///     std::thread::spawn(move || span.set_attribute(KeyValue::new("shop.paid", true)));
/// }
/// # let _ = checkout;
/// ```
#[must_use]
pub fn server_span() -> ServerSpan {
    let found = CURRENT.try_with(|current| {
        let served = current.take();
        current.set(served.clone());
        served
    });
    ServerSpan(found.ok().flatten().unwrap_or_default())
}

/// A handle to a server span; see [`server_span`].
///
/// It may outlive the request. Calls after the span's end are ignored.
#[derive(Clone, Debug)]
pub struct ServerSpan(Arc<Served>);

impl ServerSpan {
    /// Sets an attribute. If a name is set twice, the SDK keeps both values.
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.0.context.span().set_attribute(attribute);
    }

    /// Renames the span. A route that is found later does not change the name again. The name has
    /// to be of low cardinality.
    pub fn update_name(&self, name: impl Into<Cow<'static, str>>) {
        self.0.is_renamed.store(true, Ordering::Relaxed);
        self.0.is_told.store(true, Ordering::Release);
        self.0.context.span().update_name(name);
    }

    /// Records that the request failed, whatever its status. `error_type` goes to the span and the
    /// duration metric, `message` only to the span's status. The first failure counts.
    pub fn set_error(&self, error_type: ErrorType, message: impl Into<Cow<'static, str>>) {
        let ErrorType(error_type) = error_type;
        let failure = self.0.failure.lock();
        let mut failure = failure.unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert_with(|| Failure {
            error_type: error_type.into(),
            message: message.into(),
        });
        self.0.is_told.store(true, Ordering::Release);
    }

    /// The ids of the span; not [valid](SpanContext::is_valid) if there is none.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.context.span().span_context().clone()
    }

    /// The context of the server span, to start child spans of it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// True if calls on this handle have an effect. False if there is no span, or if it is not
    /// sampled.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.context.span().is_recording()
    }

    /// `http.route`, or the method of a call, if the framework knew it when the request began.
    #[must_use]
    pub fn route(&self) -> Option<&'static str> {
        self.0.route
    }
}

/// The shared state of a request that is being served and the handles to its span.
#[derive(Debug, Default)]
pub(super) struct Served {
    context: Context,
    route: Option<&'static str>,
    /// True if a handler set something that the operation needs at its end.
    is_told: AtomicBool,
    is_renamed: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl Served {
    /// Reuses the allocation of an earlier request of the thread, if there is one.
    pub(super) fn share(context: Context, route: Option<&'static str>) -> Arc<Self> {
        let spare = SPARE.try_with(Pool::take);
        let mut shared = spare.ok().flatten().unwrap_or_default();
        if let Some(served) = Arc::get_mut(&mut shared) {
            (served.context, served.route) = (context, route);
        }
        shared
    }

    /// Leaves the allocation to the next request, unless a handle is still alive.
    pub(super) fn leave(mut shared: Arc<Self>) {
        if let Some(served) = Arc::get_mut(&mut shared) {
            *served = Self::default();
            // If the thread is about to end, it is dropped.
            let _ = SPARE.try_with(|spare| spare.leave(shared));
        }
    }

    /// True if a handler set something.
    pub(super) fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Acquire)
    }

    pub(super) fn is_renamed(&self) -> bool {
        self.is_renamed.load(Ordering::Relaxed)
    }

    pub(super) fn take_failure(&self) -> Option<Failure> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }
}

/// Makes a request the one that the thread serves, until this is dropped.
pub(super) struct Serving {
    outer: Option<Arc<Served>>,
}

impl Serving {
    pub(super) fn enter(served: Arc<Served>) -> Self {
        // While the thread is torn down, nothing is current any more.
        let outer = CURRENT.try_with(|current| current.replace(Some(served)));
        Self {
            outer: outer.ok().flatten(),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let outer = self.outer.take();
        let _ = CURRENT.try_with(|current| current.set(outer));
    }
}

thread_local! {
    static CURRENT: Cell<Option<Arc<Served>>> = const { Cell::new(None) };
    static SPARE: Pool<Arc<Served>> = const { Pool::new() };
}
