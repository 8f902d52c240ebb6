//! The propagator that applies if the application has not chosen one.
//!
//! The API's default propagator does nothing, so an application that never calls
//! `set_text_map_propagator` would silently break every trace that passes through it.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::{
    Context, global, otel_warn,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::TraceContextExt,
};

use crate::{CompositePropagator, from_env};

/// Reads what `carrier` brought in and returns `context` with it added.
///
/// The global propagator is used if it has any fields. It is looked up on every call, so one that
/// is set late still applies. If it is as lenient as the SDK's, a warning is logged once. Otherwise
/// `OTEL_PROPAGATORS` selects the propagator, W3C Trace Context and baggage by default; see
/// [`from_env`]. The variable is read once, by the first call that needs it. To switch propagation
/// off, set it to `none`: a global propagator without fields does not do so.
///
/// If nothing valid is found, `context` is returned unchanged. On a server, pass [`Context::new`]
/// rather than [`Context::current`]: a span that happens to be active would become the parent of
/// every request that carries no trace.
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

/// Sets the propagator that [`extract`] and [`inject`] use while there is no global propagator with
/// fields, instead of the one that `OTEL_PROPAGATORS` selects. With an empty composite, nothing is
/// carried.
///
/// Returns `false` if a propagator is in use already, because one was set before or was needed. It
/// stays then.
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

/// The type of the API's initial no-op cannot be checked, but it has no fields. An empty composite
/// has none either and so counts as the no-op.
fn is_configured(propagator: &dyn TextMapPropagator) -> bool {
    let is_configured = propagator.fields().next().is_some();
    // Not a `Once`: the code that logs the warning may call this function again.
    if is_configured
        && !LOOKED_AT.load(Ordering::Relaxed)
        && !LOOKED_AT.swap(true, Ordering::Relaxed)
    {
        warn_of_leniency(propagator);
    }
    is_configured
}

/// A propagator that the application has set is used. But most applications set the SDK's only
/// because other crates need one, and it accepts headers that W3C forbids.
#[cold]
fn warn_of_leniency(propagator: &dyn TextMapPropagator) {
    if is_lenient(propagator) {
        otel_warn!(
            name: "LenientPropagator",
            message = "the global propagator takes traceparent headers that W3C Trace Context \
                forbids, as the SDK's does. Without a call of set_text_map_propagator, W3C Trace \
                Context and baggage are used, read as the specification says and faster"
        );
    }
}

/// True if it accepts a `traceparent` of version 00 with trailing data.
fn is_lenient(propagator: &dyn TextMapPropagator) -> bool {
    let carrier: HashMap<_, _> = [("traceparent".to_owned(), FORBIDDEN.to_owned())].into();
    let extracted = propagator.extract_with_context(&Context::new(), &carrier);
    extracted.span().span_context().is_valid()
}

/// Read once, because the environment of a running server does not change.
static DEFAULT: OnceLock<CompositePropagator> = OnceLock::new();

static LOOKED_AT: AtomicBool = AtomicBool::new(false);
const FORBIDDEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_s_propagator_is_known_by_what_it_takes() {
        use opentelemetry::propagation::TextMapCompositePropagator;
        use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

        let composite = TextMapCompositePropagator::new(vec![
            Box::new(BaggagePropagator::new()),
            Box::new(TraceContextPropagator::new()),
        ]);
        assert!(is_lenient(&TraceContextPropagator::new()));
        assert!(is_lenient(&composite));
        assert!(!is_lenient(&BaggagePropagator::new()));
        assert!(!is_lenient(&from_env()));
        assert!(!is_lenient(&crate::B3Propagator::new()));
    }
}
