//! `extract` and `inject` with a global propagator, which the only test here sets.

use std::{collections::HashMap, sync::LazyLock};

use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};
use otel_propagation::{CompositePropagator, extract, inject};

#[test]
fn global_propagator_is_found_on_every_call() {
    let received = HashMap::from([
        ("traceparent".to_owned(), PARENT.to_owned()),
        ("custom".to_owned(), "value".to_owned()),
    ]);
    let forward = || {
        let mut sent = HashMap::new();
        inject(&extract(&Context::new(), &received), &mut sent);
        sent
    };
    let only = |name: &str, value: &str| HashMap::from([(name.to_owned(), value.to_owned())]);

    assert_eq!(forward(), only("traceparent", PARENT), "before one is set");

    global::set_text_map_propagator(Custom);
    assert_eq!(forward(), only("custom", "value"), "after one is set");

    global::set_text_map_propagator(CompositePropagator::new(Vec::new()));
    assert_eq!(forward(), only("traceparent", PARENT), "without fields");
}

/// Carries a header that no other propagator knows.
#[derive(Debug)]
struct Custom;

struct Value(String);

impl TextMapPropagator for Custom {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        if let Some(Value(value)) = context.get() {
            injector.set("custom", value.clone());
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        match extractor.get("custom") {
            Some(value) => context.with_value(Value(value.to_owned())),
            None => context.clone(),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| ["custom".to_owned()]);
        FieldIter::new(FIELDS.as_slice())
    }
}

const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";
