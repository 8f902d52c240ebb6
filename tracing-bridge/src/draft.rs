//! A span that has not been started.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{Link, SpanBuilder, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing::Metadata;

use crate::changes::Changes;
use crate::request::{Answer, Request};
use crate::tracers::Tracers;

/// What is known of it.
pub(crate) struct Draft {
    pub(crate) tracers: Arc<dyn Tracers>,
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) parent: Context,
    pub(crate) start: SystemTime,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: SpanKind,
    pub(crate) status: Status,
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) links: Vec<Link>,
}

impl Draft {
    /// Fields that are recorded before the start.
    pub(crate) fn change(&mut self, changes: Changes) {
        if let Some(name) = changes.name {
            self.name = name;
        }
        if let Some(kind) = changes.kind {
            self.kind = kind;
        }
        if changes.status > self.status {
            self.status = changes.status;
        }
        for attribute in changes.attributes {
            put(&mut self.attributes, attribute);
        }
    }

    /// Does what needs no context; otherwise returns the request.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Answer, Request> {
        match request {
            Request::SetParent(parent) => self.parent = parent,
            Request::Attribute(attribute) => put(&mut self.attributes, attribute),
            Request::Link(span, attributes) => self.links.push(Link::new(span, attributes, 0)),
            Request::Status(status) if status > self.status => self.status = status,
            Request::Status(_) => {}
            Request::Name(name) => self.name = name,
            Request::Context | Request::Event(..) => return Err(request),
        }
        Ok(Answer::Done)
    }

    /// Its own context, or the parent's if the provider has no span to give.
    pub(crate) fn start(self) -> Result<Context, Context> {
        let mut builder = SpanBuilder::from_name(self.name)
            .with_kind(self.kind)
            .with_start_time(self.start)
            .with_attributes(self.attributes);
        if !self.links.is_empty() {
            builder = builder.with_links(self.links);
        }
        let Some(context) = self.tracers.start(self.metadata, builder, &self.parent) else {
            return Err(self.parent);
        };
        if self.status != Status::Unset {
            context.span().set_status(self.status);
        }
        Ok(context)
    }
}

/// Replaces the attribute of that name, because the SDK would export both.
pub(crate) fn put(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    match attributes.iter_mut().find(|it| it.key == attribute.key) {
        Some(known) => *known = attribute,
        None => attributes.push(attribute),
    }
}
