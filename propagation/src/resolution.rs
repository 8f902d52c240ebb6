//! Which propagator applies when the application has not chosen one.
//!
//! The API's default propagator does nothing, so an application that never calls
//! `set_text_map_propagator` would silently break every trace that passes through it.

use std::sync::OnceLock;

use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector, TextMapPropagator},
};

use crate::{CompositePropagator, from_env};

/// Reads what `carrier` brought in and returns `context` with it added.
///
/// The global propagator does the work if it has any fields. It is looked up on every call, so
/// one that is set late still applies. Otherwise it is what `OTEL_PROPAGATORS` says, W3C Trace
/// Context and baggage by default; see [`from_env`]. The variable is read once, by the first call
/// that needs it, and is what switches propagation off (`none`): a global propagator without fields
/// does not.
///
/// Where nothing valid is found, the context returned is the same as the one given. Start from
/// [`Context::new`] rather than [`Context::current`] on a server: a span that happens to be active
/// there would become the parent of every request that brings none.
///
/// ```
/// use opentelemetry::{Context, trace::TraceContextExt};
/// use otel_propagation::{HeaderExtractor, extract};
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert(
///     "traceparent",
///     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?,
/// );
/// let context = extract(&Context::new(), &HeaderExtractor(&headers));
/// assert!(context.span().span_context().is_sampled());
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn extract(context: &Context, carrier: &dyn Extractor) -> Context {
    global::get_text_map_propagator(|propagator| {
        is_configured(propagator).then(|| propagator.extract_with_context(context, carrier))
    })
    .unwrap_or_else(|| default().extract_with_context(context, carrier))
}

/// Writes the trace and baggage of `context` to `carrier`.
///
/// The propagator is found as [`extract`] finds it. Headers of the same name are replaced.
///
/// ```
/// use opentelemetry::{Context, KeyValue, baggage::BaggageExt};
/// use otel_propagation::{HeaderInjector, inject};
///
/// let context = Context::new().with_baggage([KeyValue::new("tenant", "acme & sons")]);
/// let mut headers = http::HeaderMap::new();
/// inject(&context, &mut HeaderInjector(&mut headers));
/// assert_eq!(headers["baggage"], "tenant=acme%20%26%20sons");
/// ```
pub fn inject(context: &Context, carrier: &mut dyn Injector) {
    let injected = global::get_text_map_propagator(|propagator| {
        let configured = is_configured(propagator);
        if configured {
            propagator.inject_context(context, carrier);
        }
        configured
    });
    if !injected {
        default().inject_context(context, carrier);
    }
}

/// What [`extract`] and [`inject`] do while there is no global propagator with fields, instead of what
/// `OTEL_PROPAGATORS` says. With an empty composite, nothing is carried.
///
/// `false` if it is known already, because it was set before, or needed: then that stays.
///
/// ```
/// let nothing = otel_propagation::CompositePropagator::new(Vec::new());
/// assert!(otel_propagation::set_default(nothing));
/// ```
pub fn set_default(propagator: CompositePropagator) -> bool {
    DEFAULT.set(propagator).is_ok()
}

fn default() -> &'static CompositePropagator {
    DEFAULT.get_or_init(from_env)
}

/// The no-op that the API starts with has no type to be asked for, but no fields either. Nor has an
/// empty composite, which is hence not told from it.
fn is_configured(propagator: &dyn TextMapPropagator) -> bool {
    propagator.fields().next().is_some()
}

/// Read once: the environment of a process does not change under a running server.
static DEFAULT: OnceLock<CompositePropagator> = OnceLock::new();
