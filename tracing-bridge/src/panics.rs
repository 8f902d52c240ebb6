//! Records panics as log records.

use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo};
use std::thread;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};

use crate::details::{CODE_FILE_PATH, CODE_LINE_NUMBER};
use crate::source;

/// Exports each panic from now on as a log record. Its body is the message, and it has the place,
/// the backtrace and the ids of the current span.
///
/// The previous panic hook is still called, and is called first. If a panic ends the process, the
/// record must be exported before that. Dropping the guard of otel-autoconfigure in `main` does
/// this. With `panic = "abort"` there is no time for it.
///
/// ```
/// let provider = opentelemetry_sdk::logs::SdkLoggerProvider::builder().build();
/// otel_tracing_bridge::record_panics(&provider);
/// ```
pub fn record_panics<P>(provider: &P)
where
    P: LoggerProvider,
    P::Logger: Send + Sync + 'static,
{
    // The hook cannot be changed during a panic; the attempt would abort the process.
    if thread::panicking() {
        return;
    }
    let logger = provider.logger("");
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        record(&logger, info);
    }));
}

fn record(logger: &impl Logger, info: &PanicHookInfo<'_>) {
    if !logger.event_enabled(Severity::Error, TARGET, None) {
        return;
    }
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("a value that is no text");
    let now = opentelemetry::time::now();

    let mut record = logger.create_log_record();
    record.set_timestamp(now);
    record.set_observed_timestamp(now);
    record.set_severity_number(Severity::Error);
    record.set_severity_text(Severity::Error.name());
    record.set_target(TARGET);
    record.set_body(AnyValue::String(format!("panicked: {message}").into()));
    record.add_attribute("exception.type", TARGET);
    record.add_attribute("exception.message", message.to_owned());
    let backtrace = Backtrace::force_capture().to_string();
    record.add_attribute("exception.stacktrace", backtrace);
    if let Some(location) = info.location() {
        record.add_attribute(CODE_FILE_PATH, source::path(location.file()).to_owned());
        record.add_attribute(CODE_LINE_NUMBER, location.line());
    }
    if let Some(name) = thread::current().name() {
        record.add_attribute("thread.name", name.to_owned());
    }
    logger.emit(record);
}

const TARGET: &str = "panic";
