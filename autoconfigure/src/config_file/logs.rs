//! `logger_provider`

use super::problem::Problem;
use super::processor::processors;
use super::section::Section;
use crate::logs::LogPlan;
use crate::signal::Signal;

pub(super) fn logs(section: &mut Section<'_>) -> Result<LogPlan, Problem> {
    section.unsupported("limits", "the SDK has no limits for log records");
    section.unsupported(
        "logger_configurator/development",
        "RUST_LOG selects log records",
    );
    Ok(LogPlan {
        processors: processors(section, Signal::Logs)?,
    })
}
