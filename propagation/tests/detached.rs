//! Work that continues beside a request, with the real SDK.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use opentelemetry::{
    Context, KeyValue,
    baggage::BaggageExt,
    propagation::TextMapPropagator,
    trace::{
        FutureExt, Link, Span, SpanBuilder, SpanId, TraceContextExt, TraceId, Tracer,
        TracerProvider, noop::NoopTracer,
    },
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracer, SdkTracerProvider};
use otel_propagation::{
    B3Propagator, linked_root, spawn_blocking_with_context, spawn_with_context,
};

#[test]
fn linked_root_begins_a_trace_and_keeps_the_baggage() {
    let (tracer, spans) = recorder();
    let request = request(&tracer);
    let cause = request.span().span_context().clone();
    let builder = SpanBuilder::from_name("work").with_attributes([KeyValue::new("a", 1)]);

    let context = {
        let _attached = request.attach();
        linked_root(&tracer, builder)
    };

    assert_ne!(context.span().span_context().trace_id(), cause.trace_id());
    assert_eq!(context.baggage().get("tenant"), Some(&"acme".into()));
    drop(context);
    let spans = spans.get_finished_spans().unwrap();
    let work = spans.iter().find(|span| span.name == "work").unwrap();
    assert_eq!(work.parent_span_id, SpanId::INVALID);
    assert_eq!(work.links.links, [Link::with_context(cause)]);
    assert_eq!(work.attributes, [KeyValue::new("a", 1)]);
}

#[test]
fn linked_root_keeps_the_links_it_is_given() {
    let (tracer, spans) = recorder();
    let other = tracer.start("other").span_context().clone();
    let request = request(&tracer);
    let cause = request.span().span_context().clone();
    let _attached = request.attach();

    let builder =
        SpanBuilder::from_name("work").with_links(vec![Link::with_context(other.clone())]);
    drop(linked_root(&tracer, builder));

    let spans = spans.get_finished_spans().unwrap();
    let work = spans.iter().find(|span| span.name == "work").unwrap();
    assert_eq!(
        work.links.links,
        [other, cause].map(Link::with_context).to_vec()
    );
}

#[test]
fn linked_root_without_a_current_span_has_no_link() {
    let (tracer, spans) = recorder();

    drop(linked_root(&tracer, SpanBuilder::from_name("work")));

    let spans = spans.get_finished_spans().unwrap();
    assert_eq!(spans[0].links.links, []);
}

#[test]
fn linked_root_is_sampled_anew() {
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .build();
    let tracer = provider.tracer("test");
    let received = [("b3".to_owned(), format!("{:032x}-{:016x}-0", 1, 2))];
    let unsampled = B3Propagator::new().extract(&std::collections::HashMap::from(received));
    let _attached = unsampled.attach();

    let context = linked_root(&tracer, SpanBuilder::from_name("work"));

    assert!(context.span().span_context().is_sampled());
}

#[test]
fn without_an_sdk_the_work_stays_in_its_trace() {
    let (tracer, _) = recorder();
    let request = request(&tracer);
    let cause = request.span().span_context().clone();
    let _attached = request.attach();

    let context = linked_root(&NoopTracer::new(), SpanBuilder::from_name("work"));

    assert_eq!(context.span().span_context(), &cause);
}

#[test]
fn suppressed_telemetry_stays_suppressed() {
    let (tracer, spans) = recorder();
    let _attached = Context::new().with_telemetry_suppressed().attach();

    let context = linked_root(&tracer, SpanBuilder::from_name("work"));

    assert!(context.is_telemetry_suppressed());
    assert!(!context.has_active_span());
    assert_eq!(spans.get_finished_spans().unwrap(), []);
}

#[test]
fn spawned_work_has_the_context_at_every_poll_and_ends_its_span() {
    let (tracer, spans) = recorder();
    block_on(async {
        let context = linked_root(&tracer, SpanBuilder::from_name("work"));
        let trace = context.span().span_context().trace_id();

        let seen = spawn_with_context(context, async {
            let before = current_trace();
            tokio::task::yield_now().await;
            [before, current_trace()]
        });

        assert_eq!(seen.await.unwrap(), [trace, trace]);
        assert_eq!(spans.get_finished_spans().unwrap().len(), 1);
        assert_eq!(current_trace(), TraceId::INVALID);
    });
}

#[test]
fn spawned_work_continues_the_trace_of_the_current_context() {
    let (tracer, spans) = recorder();
    let request = request(&tracer);
    let parent = request.span().span_context().span_id();
    let child = {
        let tracer = tracer.clone();
        async move { drop(tracer.start("child")) }
    };

    block_on(
        async {
            spawn_with_context(Context::current(), child).await.unwrap();
        }
        .with_context(request),
    );

    let spans = spans.get_finished_spans().unwrap();
    assert_eq!(spans[0].name, "child");
    assert_eq!(spans[0].parent_span_id, parent);
}

#[test]
fn work_that_panics_or_is_aborted_ends_its_span() {
    let (tracer, spans) = recorder();
    block_on(async {
        let context = || linked_root(&tracer, SpanBuilder::from_name("work"));
        let panics = spawn_with_context(context(), async { panic!("on purpose") });
        assert!(panics.await.unwrap_err().is_panic());
        assert_eq!(spans.get_finished_spans().unwrap().len(), 1);

        let pending = spawn_with_context(context(), std::future::pending::<()>());
        pending.abort();
        assert!(pending.await.unwrap_err().is_cancelled());
        assert_eq!(spans.get_finished_spans().unwrap().len(), 2);
    });
}

#[test]
fn blocking_work_has_the_context_and_ends_its_span() {
    let (tracer, spans) = recorder();
    let request = request(&tracer);
    let parent = request.span().span_context().clone();
    let child = {
        let tracer = tracer.clone();
        move || drop(tracer.start("child"))
    };

    block_on(
        async {
            let work = spawn_blocking_with_context(Context::current(), child);
            work.await.unwrap();
            let context = linked_root(&tracer, SpanBuilder::from_name("work"));
            let trace = context.span().span_context().trace_id();
            let seen = spawn_blocking_with_context(context, current_trace);
            assert_eq!(seen.await.unwrap(), trace);
            assert_eq!(current_trace(), parent.trace_id());
        }
        .with_context(request),
    );

    let spans = spans.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["child", "work", "request"]);
    assert_eq!(spans[0].parent_span_id, parent.span_id());
}

#[test]
fn thread_of_blocking_work_has_its_own_context_again() {
    let (tracer, spans) = recorder();
    block_on(async {
        let context = || linked_root(&tracer, SpanBuilder::from_name("work"));
        let thread = || std::thread::current().id();
        let first = spawn_blocking_with_context(context(), thread);
        let first = first.await.unwrap();
        let panics = spawn_blocking_with_context(context(), || panic!("on purpose"));
        assert!(panics.await.unwrap_err().is_panic());
        assert_eq!(spans.get_finished_spans().unwrap().len(), 2);

        let after = tokio::task::spawn_blocking(move || (thread(), current_trace()));
        assert_eq!(after.await.unwrap(), (first, TraceId::INVALID));
    });
}

fn recorder() -> (SdkTracer, InMemorySpanExporter) {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(spans.clone())
        .build();
    (provider.tracer("test"), spans)
}

fn request(tracer: &SdkTracer) -> Context {
    Context::new()
        .with_baggage([KeyValue::new("tenant", "acme")])
        .with_span(tracer.start("request"))
}

fn current_trace() -> TraceId {
    Context::map_current(|context| context.span().span_context().trace_id())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap()
        .block_on(future)
}
