//! A span that has not been started.

use std::sync::Arc;

use opentelemetry::trace::{Link, SpanBuilder, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing::Metadata;

use crate::changes::Changes;
use crate::request::{Answer, Request};
use crate::tracers::Tracers;

/// The data of the span so far.
pub(crate) struct Draft {
    pub(crate) tracers: Arc<dyn Tracers>,
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) parent: Context,
    pub(crate) status: Status,
    pub(crate) builder: SpanBuilder,
}

impl Draft {
    /// Applies fields that are recorded before the start.
    pub(crate) fn change(&mut self, changes: Changes) {
        if let Some(name) = changes.name {
            self.builder.name = name;
        }
        if let Some(kind) = changes.kind {
            self.builder.span_kind = Some(kind);
        }
        if changes.status > self.status {
            self.status = changes.status;
        }
        for attribute in changes.attributes {
            put(self.attributes(), attribute);
        }
    }

    pub(crate) fn attributes(&mut self) -> &mut Vec<KeyValue> {
        self.builder.attributes.get_or_insert_default()
    }

    /// Handles requests that need no context; otherwise returns the request.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Answer, Request> {
        match request {
            Request::SetParent(parent) => self.parent = parent,
            Request::Attribute(attribute) => put(self.attributes(), attribute),
            Request::Link(span, attributes) => {
                let links = self.builder.links.get_or_insert_default();
                links.push(Link::new(span, attributes, 0));
            }
            Request::Status(status) if status > self.status => self.status = status,
            Request::Status(_) => {}
            Request::Name(name) => self.builder.name = name,
            Request::Context | Request::Event(..) => return Err(request),
        }
        Ok(Answer::Done)
    }

    /// Returns the span's own context, or the parent's if the provider gives no span.
    pub(crate) fn start(self) -> Result<Context, Context> {
        let Self {
            tracers,
            metadata,
            parent,
            status,
            builder,
        } = self;
        let Some(context) = tracers.start(metadata, builder, &parent) else {
            return Err(parent);
        };
        if status != Status::Unset {
            context.span().set_status(status);
        }
        Ok(context)
    }
}

/// Replaces the attribute with the same name, because the SDK would export both.
pub(crate) fn put(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    match attributes.iter_mut().find(|it| it.key == attribute.key) {
        Some(known) => *known = attribute,
        None => attributes.push(attribute),
    }
}
