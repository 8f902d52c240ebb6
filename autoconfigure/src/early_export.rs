//! Exports the first spans after a pause early.
//!
//! The batch processor waits up to five seconds; a person who tries out a service would look at an
//! empty page for that time. A busy service does not export more often than without this.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::Thread;
use std::time::Duration;
use std::time::Instant;

use opentelemetry::Context;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::queue::Queue;

/// A thread that waits for the first spans. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct EarlyExport {
    is_over: Arc<AtomicBool>,
    thread: Thread,
}

impl EarlyExport {
    /// `None` if no thread can be started: then only the schedule applies.
    pub(crate) fn start(
        provider: SdkTracerProvider,
        queue: Arc<Queue>,
        delay: Duration,
    ) -> Option<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let waiting = Waiting {
            is_over: Arc::clone(&is_over),
            queue,
            delay,
        };
        let thread = thread::Builder::new()
            .name("otel-early-export".to_owned())
            .spawn(move || {
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                while waiting.first_spans() {
                    // The exporter has already reported a failure.
                    let _ = provider.force_flush();
                    if !waiting.pause() {
                        break;
                    }
                }
            })
            .ok()?;
        let thread = thread.thread().clone();
        Some(Self { is_over, thread })
    }
}

impl Drop for EarlyExport {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

struct Waiting {
    is_over: Arc<AtomicBool>,
    queue: Arc<Queue>,
    delay: Duration,
}

impl Waiting {
    /// Waits for a span, and for the spans that end soon after it. `false` at the end.
    fn first_spans(&self) -> bool {
        self.queue.wake_at_first(thread::current());
        while self.queue.is_awaited() {
            if self.is_over() {
                return false;
            }
            thread::park();
        }
        self.sleep(SOON)
    }

    /// Waits until no span has come for the length of the pause. `false` at the end.
    fn pause(&self) -> bool {
        loop {
            let before = self.queue.recorded();
            if !self.sleep(self.delay) {
                return false;
            }
            if self.queue.recorded() == before && self.queue.waiting() == 0 {
                return true;
            }
        }
    }

    fn sleep(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.is_over() {
            match end.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => thread::park_timeout(left),
                _ => return true,
            }
        }
        false
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// The requests of one trace end one after another.
const SOON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::sync::mpsc::RecvTimeoutError;
    use std::sync::mpsc::Sender;

    use opentelemetry::trace::Tracer;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::BatchConfigBuilder;
    use opentelemetry_sdk::trace::BatchSpanProcessor;
    use opentelemetry_sdk::trace::SpanData;
    use opentelemetry_sdk::trace::SpanExporter;

    use super::*;
    use crate::admission::Admitted;
    use crate::batch::Batch;
    use crate::behind_queue::Released;
    use crate::signal::Signal;

    #[derive(Debug)]
    struct Told(Sender<usize>);

    impl SpanExporter for Told {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.send(batch.len()).unwrap();
            Ok(())
        }
    }

    #[test]
    fn spans_after_a_pause_are_exported_long_before_their_time() {
        let (told, exported) = mpsc::channel();
        let queue = Arc::new(Queue::of(Signal::Traces, &Batch::SPANS, usize::MAX));
        let exporter = Released {
            queue: Arc::clone(&queue),
            exporter: Told(told),
        };
        let settings = BatchConfigBuilder::default().with_scheduled_delay(AN_HOUR);
        let next = BatchSpanProcessor::new(exporter, settings.build());
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Admitted {
                queue: Arc::clone(&queue),
                next,
            })
            .build();
        let pause = Duration::from_millis(100);
        let early = EarlyExport::start(provider.clone(), Arc::clone(&queue), pause);
        let tracer = provider.tracer("test");
        for spans in [2, 3] {
            for _ in 0..spans {
                drop(tracer.start("span"));
            }
            let mut arrived = 0;
            while arrived < spans {
                arrived += exported.recv_timeout(A_MINUTE).unwrap();
            }
            // The next ones come after a pause.
            while !queue.is_awaited() {
                thread::yield_now();
            }
        }

        drop(early);
        // The thread drops its provider; otherwise this would wait forever.
        drop((provider, tracer));
        assert_eq!(
            exported.recv_timeout(A_MINUTE),
            Err(RecvTimeoutError::Disconnected)
        );
    }

    const AN_HOUR: Duration = Duration::from_secs(3600);
    const A_MINUTE: Duration = Duration::from_secs(60);
}
