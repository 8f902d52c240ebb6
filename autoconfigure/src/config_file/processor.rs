//! `processors`: `batch` and `simple`, for spans and log records.

use std::time::Duration;

use super::exporter::exporter;
use super::exporter::timeout;
use super::problem::Problem;
use super::section::Section;
use super::section::Value;
use crate::batch::Batch;
use crate::processor::Processor;
use crate::signal::Signal;

/// The processors in the order of the list, without those that are not supported.
pub(super) fn processors(
    section: &mut Section<'_>,
    signal: Signal,
) -> Result<Vec<Processor>, Problem> {
    let mut processors = Vec::new();
    for member in section.required("processors")?.list()? {
        let (name, value) = member.choice()?;
        let processor = match name {
            "batch" => value.mapping(|section| batch(section, signal))?,
            "simple" => value.mapping(|section| simple(&value, section, signal))?,
            "event_to_span_event_bridge/development" if signal == Signal::Logs => {
                value.warn("not supported, events stay log records");
                None
            }
            _ => {
                return Err(value.problem(format_args!(
                    "`{name}` is no processor that is known: batch, simple"
                )));
            }
        };
        processors.extend(processor);
    }
    Ok(processors)
}

fn batch(section: &mut Section<'_>, signal: Signal) -> Result<Option<Processor>, Problem> {
    let mut batch = defaults(signal);
    if let Some(delay) = section.get("schedule_delay") {
        let millis = delay.count(0)?;
        if millis == 0 {
            delay.warn("a pause of 0 ms would be no pause; using 1 ms");
        }
        batch.delay = Duration::from_millis(millis.max(1).into());
        batch.early = None;
    }
    batch.timeout = section.read("export_timeout", timeout)?;
    if let Some(queue) = section.read("max_queue_size", |value| value.count(1))? {
        batch.queue = queue as usize;
    }
    batch.size = batch.size.min(batch.queue);
    if let Some(size) = section.get("max_export_batch_size") {
        let most = batch.queue;
        batch.size = size.count(1)? as usize;
        if batch.size > most {
            size.warn(format_args!("is more than max_queue_size; using {most}"));
            batch.size = most;
        }
    }
    let exporter = exporter(&section.required("exporter")?, signal)?;
    Ok(
        exporter.map(|exporter| match exporter.target.map(Box::new) {
            Some(target) => Processor::Otlp { target, batch },
            None => Processor::Console { batch: Some(batch) },
        }),
    )
}

fn simple(
    value: &Value<'_>,
    section: &mut Section<'_>,
    signal: Signal,
) -> Result<Option<Processor>, Problem> {
    let exporter = exporter(&section.required("exporter")?, signal)?;
    Ok(
        exporter.map(|exporter| match exporter.target.map(Box::new) {
            Some(target) => {
                let millis = SOON.as_millis();
                value.warn(format_args!(
                    "with OTLP, each request would wait for its exports; exported in batches after \
                 {millis} ms instead"
                ));
                let batch = Batch {
                    delay: SOON,
                    early: None,
                    ..defaults(signal)
                };
                Processor::Otlp { target, batch }
            }
            None => Processor::Console { batch: None },
        }),
    )
}

fn defaults(signal: Signal) -> Batch {
    let defaults = match signal {
        Signal::Logs => Batch::LOGS,
        _ => Batch::SPANS,
    };
    Batch {
        setting: "max_queue_size",
        ..defaults
    }
}

/// Soon enough for a person who watches the console.
const SOON: Duration = Duration::from_millis(100);
