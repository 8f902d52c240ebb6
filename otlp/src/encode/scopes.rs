//! Groups spans by scope: OTLP names a scope once, and then its spans.

use std::collections::HashMap;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::trace::SpanData;

/// Spans by scope: scopes in the order of their first appearance, and the spans of each in their
/// order. Each comes with the number of its scope.
pub(super) fn by_scope(spans: &[SpanData]) -> Vec<(usize, &SpanData)> {
    let mut scopes = Scopes::default();
    let numbered = spans.iter();
    let numbered = numbered.map(|span| (scopes.number(&span.instrumentation_scope), span));
    let mut numbered: Vec<_> = numbered.collect();
    if scopes.count > 1 {
        numbered.sort_by_key(|(scope, _)| *scope);
    }
    numbered
}

/// Numbers scopes. The first few are searched one by one, because most programs have no more, and a
/// hash costs more than comparing a few names.
#[derive(Debug, Default)]
struct Scopes<'a> {
    first: [Option<&'a InstrumentationScope>; FIRST],
    others: HashMap<&'a InstrumentationScope, usize>,
    count: usize,
}

impl<'a> Scopes<'a> {
    fn number(&mut self, scope: &'a InstrumentationScope) -> usize {
        for (number, place) in self.first.iter_mut().enumerate() {
            match place {
                Some(known) if !is_same(known, scope) => {}
                Some(_) => return number,
                None => {
                    *place = Some(scope);
                    self.count += 1;
                    return number;
                }
            }
        }
        *self.others.entry(scope).or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }
}

/// Equal to the scopes' own `==`, which sorts copies of the attributes before it compares them.
fn is_same(one: &InstrumentationScope, other: &InstrumentationScope) -> bool {
    let is_identical = one.name() == other.name()
        && one.version() == other.version()
        && one.schema_url() == other.schema_url()
        && one.attributes().eq(other.attributes());
    is_identical || one == other
}

const FIRST: usize = 8;
