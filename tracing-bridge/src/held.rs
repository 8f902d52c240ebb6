//! The span that stands for a context if there is no `tracing` span.

use opentelemetry::Context;
use tracing::callsite::{Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};

/// The context, in the extensions of the span that stands for it.
pub(crate) struct Held(pub(crate) Context);

/// Whether a span stands for a context.
pub(crate) fn is_held(metadata: &Metadata<'_>) -> bool {
    std::ptr::eq(metadata, &raw const METADATA)
}

/// At level `ERROR`, so that no filter hides it from layers that count spans.
pub(crate) static METADATA: Metadata<'static> = Metadata::new(
    "context",
    module_path!(),
    Level::ERROR,
    None,
    None,
    None,
    FieldSet::new(&[], Identifier(&CALLSITE)),
    Kind::SPAN,
);

struct HeldCallsite;

impl Callsite for HeldCallsite {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

static CALLSITE: HeldCallsite = HeldCallsite;
