//! `otel.sdk.exporter.*` and `otel.sdk.processor.*`: metrics about the export of telemetry.
//!
//! See <https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/>.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use opentelemetry::metrics::Meter;
use otel_otlp_exporter::Event;
use otel_otlp_exporter::ResponseStatus;

use crate::queue::Queue;
use crate::signal::Signal;

/// The counts of one signal's exporter.
#[derive(Debug)]
pub(crate) struct ExportMetrics {
    signal: Signal,
    index: usize,
    /// The type of the exporter, and its receiver.
    attributes: Vec<KeyValue>,
    in_flight: AtomicI64,
    /// The number of exported items by outcome. Without an error type, they have arrived.
    exported: Mutex<BTreeMap<Option<&'static str>, u64>>,
    /// Created once there is a meter provider.
    duration: OnceLock<Histogram<f64>>,
}

/// One of possibly several exporters of a signal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component<'a> {
    /// `otel.component.type`
    pub(crate) kind: &'static str,
    pub(crate) index: usize,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
}

impl ExportMetrics {
    pub(crate) fn new(signal: Signal, component: &Component<'_>) -> Self {
        let Component {
            kind,
            index,
            host,
            port,
        } = *component;
        Self {
            signal,
            index,
            attributes: vec![
                KeyValue::new("otel.component.type", kind),
                KeyValue::new("otel.component.name", format!("{kind}/{index}")),
                KeyValue::new("server.address", host.to_owned()),
                KeyValue::new("server.port", i64::from(port)),
            ],
            in_flight: AtomicI64::new(0),
            exported: Mutex::default(),
            duration: OnceLock::new(),
        }
    }

    pub(crate) fn count(&self, event: &Event<'_>) {
        match event {
            Event::Started { items, .. } => {
                self.in_flight.fetch_add(signed(*items), Ordering::Relaxed);
            }
            Event::Delivered {
                items,
                status,
                rejected,
                took,
                ..
            } => {
                self.ended(*items, None, Some(*status), took.as_secs_f64());
                self.add(items - rejected, None);
                self.add(*rejected, Some("rejected"));
            }
            Event::Lost {
                items,
                failure,
                took,
                ..
            } => {
                let error = Some(failure.error_type());
                self.ended(*items, error, failure.status(), took.as_secs_f64());
                self.add(*items, error);
            }
            _ => {}
        }
    }

    /// Starts to measure.
    pub(crate) fn measure(self: &Arc<Self>, meter: &Meter, queue: Option<&Arc<Queue>>) {
        let (what, unit) = match self.signal {
            Signal::Traces => ("span", "{span}"),
            Signal::Logs => ("log", "{log_record}"),
            Signal::Metrics => ("metric_data_point", "{data_point}"),
        };
        let source = Arc::clone(self);
        meter
            .i64_observable_up_down_counter(format!("otel.sdk.exporter.{what}.inflight"))
            .with_unit(unit)
            .with_description("How many were handed to the exporter and are not yet done with.")
            .with_callback(move |observer| {
                let in_flight = source.in_flight.load(Ordering::Relaxed);
                observer.observe(in_flight, &source.attributes);
            })
            .build();
        let source = Arc::clone(self);
        meter
            .u64_observable_counter(format!("otel.sdk.exporter.{what}.exported"))
            .with_unit(unit)
            .with_description("How many the exporter is done with, successfully or not.")
            .with_callback(move |observer| {
                let exported = source.exported.lock();
                for (error, count) in &*exported.unwrap_or_else(PoisonError::into_inner) {
                    observer.observe(*count, &source.attributes(*error));
                }
            })
            .build();
        let duration = meter
            .f64_histogram("otel.sdk.exporter.operation.duration")
            .with_unit("s")
            .with_description("How long the export of a batch took, with all attempts.")
            .build();
        let _ = self.duration.set(duration);
        if let Some(queue) = queue {
            self.measure_queue(meter, what, unit, queue);
        }
    }

    fn measure_queue(&self, meter: &Meter, what: &str, unit: &'static str, queue: &Arc<Queue>) {
        let kind = format!("batching_{what}_processor");
        let attributes = [
            KeyValue::new("otel.component.name", format!("{kind}/{}", self.index)),
            KeyValue::new("otel.component.type", kind),
        ];
        let (source, own) = (Arc::clone(queue), attributes.clone());
        meter
            .i64_observable_up_down_counter(format!("otel.sdk.processor.{what}.queue.size"))
            .with_unit(unit)
            .with_description("How many wait for an export.")
            .with_callback(move |observer| observer.observe(signed(source.waiting() as u64), &own))
            .build();
        let (source, own) = (Arc::clone(queue), attributes.clone());
        meter
            .i64_observable_up_down_counter(format!("otel.sdk.processor.{what}.queue.capacity"))
            .with_unit(unit)
            .with_description("How many can wait for an export.")
            .with_callback(move |observer| observer.observe(signed(source.capacity() as u64), &own))
            .build();
        let source = Arc::clone(queue);
        let [name, kind] = attributes;
        let full = [
            name.clone(),
            kind.clone(),
            KeyValue::new("error.type", "queue_full"),
        ];
        let passed = [name, kind];
        meter
            .u64_observable_counter(format!("otel.sdk.processor.{what}.processed"))
            .with_unit(unit)
            .with_description("How many were handed to the exporter, or dropped.")
            .with_callback(move |observer| {
                observer.observe(source.passed(), &passed);
                if source.dropped() > 0 {
                    observer.observe(source.dropped(), &full);
                }
            })
            .build();
    }

    fn ended(
        &self,
        items: u64,
        error: Option<&'static str>,
        status: Option<ResponseStatus>,
        seconds: f64,
    ) {
        self.in_flight.fetch_sub(signed(items), Ordering::Relaxed);
        if let Some(duration) = self.duration.get() {
            let mut attributes = self.attributes(error);
            attributes.extend(status.and_then(status_code));
            duration.record(seconds, &attributes);
        }
    }

    fn add(&self, items: u64, error: Option<&'static str>) {
        if items > 0 {
            let exported = self.exported.lock();
            *exported
                .unwrap_or_else(PoisonError::into_inner)
                .entry(error)
                .or_default() += items;
        }
    }

    fn attributes(&self, error: Option<&'static str>) -> Vec<KeyValue> {
        let error = error.map(|error| KeyValue::new("error.type", error));
        self.attributes.iter().cloned().chain(error).collect()
    }
}

fn status_code(status: ResponseStatus) -> Option<KeyValue> {
    match status {
        ResponseStatus::Http(code) => {
            Some(KeyValue::new("http.response.status_code", i64::from(code)))
        }
        ResponseStatus::Grpc(name) => Some(KeyValue::new("rpc.response.status_code", name)),
        _ => None,
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
