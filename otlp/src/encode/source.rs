//! Spans read from bytes, of which a generator of tests or a fuzzer can make any number.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "it fails by panicking, in tests and below a fuzzer"
)]

use std::borrow::Cow;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use opentelemetry::Array;
use opentelemetry::InstrumentationScope;
use opentelemetry::KeyValue;
use opentelemetry::SpanId;
use opentelemetry::StringValue;
use opentelemetry::TraceFlags;
use opentelemetry::TraceId;
use opentelemetry::Value;
use opentelemetry::trace::Event;
use opentelemetry::trace::Link;
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::Status;
use opentelemetry::trace::TraceState;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanEvents;
use opentelemetry_sdk::trace::SpanLinks;

/// The bytes that spans are read from. After their end it returns zeros.
pub(super) struct Source<'a>(pub(super) &'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub(super) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Mostly small numbers, among all sizes.
    fn number(&mut self) -> u64 {
        let bytes = std::array::from_fn(|_| self.byte());
        u64::from_le_bytes(bytes) >> (8 * self.below(8))
    }

    /// Text of zero bytes, of a few, of so many that its length takes another byte, and of very
    /// many.
    fn text(&mut self) -> String {
        let letter = ["x", "é", "語", "\0"][usize::from(self.below(4))];
        let length = match self.byte() {
            length @ 0..200 => usize::from(length % 16),
            200..230 => 120 + usize::from(self.below(20)),
            230..240 => 240 + usize::from(self.below(32)),
            240..252 => 16_370 + usize::from(self.below(32)),
            252.. => 70_000,
        };
        letter.repeat(length)
    }

    fn list<T>(&mut self, most: u8, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| item(self)).collect()
    }

    fn double(&mut self) -> f64 {
        f64::from_bits(self.number())
    }

    fn value(&mut self) -> Value {
        let string = |source: &mut Self| StringValue::from(source.text());
        match self.below(9) {
            0 => Value::Bool(self.flag()),
            1 => Value::I64(self.number() as i64),
            2 => Value::F64(self.double()),
            3 => Value::String("static".into()),
            4 => Value::Array(Array::Bool(self.list(20, Self::flag))),
            5 => Value::Array(Array::I64(self.list(20, |source| source.number() as i64))),
            6 => Value::Array(Array::F64(self.list(20, Self::double))),
            7 => Value::Array(Array::String(self.list(5, string))),
            _ => Value::String(string(self)),
        }
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        self.list(5, |source| KeyValue::new(source.text(), source.value()))
    }

    /// Times before 1970, after it, and much later.
    fn time(&mut self) -> SystemTime {
        let distance = Duration::new(self.number(), self.byte().into());
        match self.below(4) {
            0 => UNIX_EPOCH.checked_sub(distance),
            1 => UNIX_EPOCH.checked_add(distance),
            _ => UNIX_EPOCH.checked_add(Duration::from_nanos(self.number())),
        }
        .unwrap_or(UNIX_EPOCH)
    }

    fn trace_state(&mut self) -> TraceState {
        let members = self.list(3, |source| {
            let key = format!("k{}", source.byte());
            (key, "v".repeat(source.byte().into()))
        });
        TraceState::from_key_value(members).unwrap()
    }

    fn context(&mut self) -> SpanContext {
        let trace_id = u128::from(self.number()) << 64 | u128::from(self.number());
        SpanContext::new(
            TraceId::from(trace_id),
            SpanId::from(self.number()),
            TraceFlags::new(self.byte()),
            self.flag(),
            self.trace_state(),
        )
    }

    fn event(&mut self) -> Event {
        let name = match self.flag() {
            true => Cow::Borrowed("exception"),
            false => Cow::Owned(self.text()),
        };
        let dropped = self.number() as u32;
        Event::new(name, self.time(), self.attributes(), dropped)
    }

    fn link(&mut self) -> Link {
        let dropped = self.number() as u32;
        Link::new(self.context(), self.attributes(), dropped)
    }

    fn status(&mut self) -> Status {
        match self.below(3) {
            0 => Status::Unset,
            1 => Status::Ok,
            _ => Status::error(self.text()),
        }
    }

    fn kind(&mut self) -> SpanKind {
        match self.below(5) {
            0 => SpanKind::Internal,
            1 => SpanKind::Server,
            2 => SpanKind::Client,
            3 => SpanKind::Producer,
            _ => SpanKind::Consumer,
        }
    }

    fn span(&mut self, scopes: &[InstrumentationScope]) -> SpanData {
        let mut events = SpanEvents::default();
        events.events = self.list(3, Self::event);
        events.dropped_count = self.number() as u32;
        let mut links = SpanLinks::default();
        links.links = self.list(3, Self::link);
        links.dropped_count = self.number() as u32;
        let scope = usize::from(self.byte()) % scopes.len();
        SpanData {
            span_context: self.context(),
            parent_span_id: SpanId::from(self.number()),
            parent_span_is_remote: self.flag(),
            span_kind: self.kind(),
            name: self.text().into(),
            start_time: self.time(),
            end_time: self.time(),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            events,
            links,
            status: self.status(),
            instrumentation_scope: scopes[scope].clone(),
        }
    }

    /// Scopes, some of which differ only a little, and some of which are equal but have their
    /// attributes in another order.
    fn scopes(&mut self) -> Vec<InstrumentationScope> {
        let mut scopes = vec![self.scope()];
        for _ in 0..self.below(16) {
            let last = scopes.last().unwrap();
            scopes.push(match self.below(3) {
                0 => InstrumentationScope::builder(last.name().to_owned())
                    .with_attributes(
                        last.attributes()
                            .cloned()
                            .collect::<Vec<_>>()
                            .into_iter()
                            .rev(),
                    )
                    .build(),
                _ => self.scope(),
            });
        }
        scopes
    }

    fn scope(&mut self) -> InstrumentationScope {
        let name = ["", "axum", "reqwest"][usize::from(self.below(3))];
        let mut builder = InstrumentationScope::builder(name);
        if self.flag() {
            builder = builder.with_version(self.text());
        }
        if self.flag() {
            builder = builder.with_schema_url(self.text());
        }
        if self.flag() {
            builder = builder.with_attributes(self.attributes());
        }
        builder.build()
    }

    pub(super) fn spans(&mut self) -> Vec<SpanData> {
        let scopes = self.scopes();
        self.list(23, |source| source.span(&scopes))
    }

    pub(super) fn resource(&mut self) -> Resource {
        let attributes = self.attributes();
        match self.flag() {
            true => Resource::builder_empty().with_schema_url(attributes, self.text()),
            false => Resource::builder_empty().with_attributes(attributes),
        }
        .build()
    }
}
