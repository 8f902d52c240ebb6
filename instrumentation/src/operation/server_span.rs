//! The span of the request that is being served, for handlers that have to say something of it.

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
/// It is the span that the middleware made, whatever spans were begun below it in the meantime:
/// inside of `#[tracing::instrument]` the current span is another one. It is found in the handler
/// and in what the handler calls and awaits. A spawned task or another thread does not find it: ask
/// before, and move the handle along.
///
/// Where no request is served, or nothing records it, the handle does nothing.
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

/// A handle to a server span, see [`server_span`].
///
/// It may outlive the request. What it is told after the span's end is ignored.
#[derive(Clone, Debug)]
pub struct ServerSpan(Arc<Served>);

impl ServerSpan {
    /// Sets an attribute. The SDK keeps both values of a name that is set twice.
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.0.context.span().set_attribute(attribute);
    }

    /// Renames the span, which keeps that name: a route that is found later changes it no more.
    /// The name has to be of low cardinality.
    pub fn update_name(&self, name: impl Into<Cow<'static, str>>) {
        self.0.is_renamed.store(true, Ordering::Relaxed);
        self.0.is_told.store(true, Ordering::Release);
        self.0.context.span().update_name(name);
    }

    /// The request failed, whatever status it is answered with: `error_type` goes to the span and
    /// the duration metric, `message` to the span's status only. The first failure counts.
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

    /// The ids of the span; not [valid](SpanContext::is_valid) where there is none.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.0.context.span().span_context().clone()
    }

    /// The context of the server span, to parent spans on it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// Whether anything comes of what the span is told: not where there is none, nor where it is
    /// not sampled.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.context.span().is_recording()
    }

    /// `http.route`, or the method of a call, where the framework knew it when the request began.
    #[must_use]
    pub fn route(&self) -> Option<&'static str> {
        self.0.route
    }
}

/// A request that is served, as it is shared with those who ask for its span.
#[derive(Debug, Default)]
pub(super) struct Served {
    context: Context,
    route: Option<&'static str>,
    /// Whether a handler said something that the operation has to know at its end.
    is_told: AtomicBool,
    is_renamed: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl Served {
    /// In the place of an earlier one of the thread, if there is one.
    pub(super) fn share(context: Context, route: Option<&'static str>) -> Arc<Self> {
        let spare = SPARE.try_with(Pool::take);
        let mut shared = spare.ok().flatten().unwrap_or_default();
        if let Some(served) = Arc::get_mut(&mut shared) {
            (served.context, served.route) = (context, route);
        }
        shared
    }

    /// Leaves its place to the next one, unless somebody still has a handle.
    pub(super) fn leave(mut shared: Arc<Self>) {
        if let Some(served) = Arc::get_mut(&mut shared) {
            *served = Self::default();
            // Where the thread is about to end, it is dropped.
            let _ = SPARE.try_with(|spare| spare.leave(shared));
        }
    }

    /// Whether there is anything to hear.
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

/// Makes a request the one that the thread serves, until the drop.
pub(super) struct Serving {
    outer: Option<Arc<Served>>,
}

impl Serving {
    pub(super) fn enter(served: Arc<Served>) -> Self {
        // Where the thread is torn down, nothing is current any more.
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
