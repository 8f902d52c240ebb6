//! The span of the request that is being served, for handlers that have to say something of it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crate::outcome::ErrorType;
use crate::outcome::Failure;

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
        let mut current = current.borrow_mut();
        let current = current.as_mut()?;
        let told = current.told.get_or_insert_with(Arc::default);
        Some((current.context.clone(), told.clone(), current.route))
    });
    let (context, told, route) = found.ok().flatten().unwrap_or_default();
    ServerSpan {
        context,
        told,
        route,
    }
}

/// A handle to a server span, see [`server_span`].
///
/// It may outlive the request. What it is told after the span's end is ignored.
#[derive(Clone, Debug)]
pub struct ServerSpan {
    context: Context,
    told: Arc<Told>,
    route: Option<&'static str>,
}

impl ServerSpan {
    /// Sets an attribute. The SDK keeps both values of a name that is set twice.
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.context.span().set_attribute(attribute);
    }

    /// Renames the span, which keeps that name: a route that is found later changes it no more.
    /// The name has to be of low cardinality.
    pub fn update_name(&self, name: impl Into<Cow<'static, str>>) {
        self.told.is_renamed.store(true, Ordering::Relaxed);
        self.context.span().update_name(name);
    }

    /// The request failed, whatever status it is answered with: `error_type` goes to the span and
    /// the duration metric, `message` to the span's status only. The first failure counts.
    pub fn set_error(&self, error_type: ErrorType, message: impl Into<Cow<'static, str>>) {
        let ErrorType(error_type) = error_type;
        let failure = self.told.failure.lock();
        let mut failure = failure.unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert_with(|| Failure {
            error_type: error_type.into(),
            message: message.into(),
        });
    }

    /// The ids of the span; not [valid](SpanContext::is_valid) where there is none.
    #[must_use]
    pub fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    /// The context of the server span, to parent spans on it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether anything comes of what the span is told: not where there is none, nor where it is
    /// not sampled.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.context.span().is_recording()
    }

    /// `http.route`, or the method of a call, where the framework knew it when the request began.
    #[must_use]
    pub fn route(&self) -> Option<&'static str> {
        self.route
    }
}

/// What a handler said of the span that its operation has to know at the end.
#[derive(Debug, Default)]
pub(super) struct Told {
    is_renamed: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl Told {
    pub(super) fn is_renamed(&self) -> bool {
        self.is_renamed.load(Ordering::Relaxed)
    }

    pub(super) fn take_failure(&self) -> Option<Failure> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }
}

/// The request that the thread serves at this moment.
struct Current {
    context: Context,
    /// Made for the first who asks.
    told: Option<Arc<Told>>,
    route: Option<&'static str>,
}

/// Makes a request the current one, until the drop.
pub(super) struct Serving<'a> {
    kept: &'a OnceLock<Arc<Told>>,
    outer: Option<Current>,
}

impl<'a> Serving<'a> {
    /// `kept` is where what a handler said stays with the operation.
    pub(super) fn enter(
        context: &Context,
        route: Option<&'static str>,
        kept: &'a OnceLock<Arc<Told>>,
    ) -> Self {
        let current = Current {
            context: context.clone(),
            told: kept.get().cloned(),
            route,
        };
        Self {
            kept,
            outer: exchange(Some(current)),
        }
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        let told = exchange(self.outer.take()).and_then(|current| current.told);
        if let Some(told) = told {
            // The same one, if there was one.
            let _ = self.kept.set(told);
        }
    }
}

/// Where the thread is torn down, nothing is current any more.
fn exchange(next: Option<Current>) -> Option<Current> {
    let exchanged = CURRENT.try_with(|current| {
        let mut current = current.try_borrow_mut().ok()?;
        mem::replace(&mut *current, next)
    });
    exchanged.ok().flatten()
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}
