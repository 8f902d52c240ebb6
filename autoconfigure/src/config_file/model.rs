//! The file as a whole.

use otel_instrumentation::HttpDefaults;

use super::instrumentation::http_defaults;
use super::logs::logs;
use super::metrics::metrics;
use super::problem::Problem;
use super::propagators::propagators;
use super::resource::ResourcePlan;
use super::section::Section;
use super::section::Value;
use super::traces::AttributeLimits;
use super::traces::traces;
use crate::logs::LogPlan;
use crate::metrics::MetricPlan;
use crate::traces::TracePlan;

/// What the file sets up. A provider that the file does not mention is absent.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) is_disabled: bool,
    pub(super) resource: ResourcePlan,
    pub(super) propagators: Vec<String>,
    pub(super) traces: Option<TracePlan>,
    pub(super) metrics: Option<MetricPlan>,
    pub(super) logs: Option<LogPlan>,
    pub(super) http: HttpDefaults,
}

impl Model {
    pub(super) fn read(root: &Value<'_>) -> Result<Self, Problem> {
        root.mapping(|section| {
            check_format(section)?;
            let is_disabled = section.read("disabled", Value::bool)?.unwrap_or(false);
            section.unsupported("log_level", "RUST_LOG selects what the SDK says");
            section.unsupported("distribution", "there are no settings of this distribution");
            let limits = section.get("attribute_limits");
            let general = limits.as_ref().map(|it| it.mapping(AttributeLimits::read));
            let general = general.transpose()?.unwrap_or_default();
            let logs = section.read("logger_provider", |value| value.mapping(logs))?;
            if let (Some(limits), true) = (&limits, logs.is_some()) {
                limits.warn("not supported for log records by the SDK; using it for spans only");
            }
            let resource = section.read("resource", |it| it.mapping(ResourcePlan::read))?;
            let propagators = section.read("propagator", |it| it.mapping(propagators))?;
            let http = section.read("instrumentation/development", |value| {
                value.mapping(http_defaults)
            })?;
            Ok(Self {
                is_disabled,
                resource: resource.unwrap_or_default(),
                propagators: propagators.unwrap_or_default(),
                traces: section.read("tracer_provider", |value| {
                    value.mapping(|section| traces(section, general))
                })?,
                metrics: section.read("meter_provider", |value| value.mapping(metrics))?,
                logs,
                http: http.unwrap_or_default(),
            })
        })
    }
}

/// `file_format`: one major version is understood. Additions of later minor versions are not.
fn check_format(section: &mut Section<'_>) -> Result<(), Problem> {
    let format = section.required("file_format")?;
    let text = format.text()?;
    let mut numbers = text.split(['.', '-']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(MAJOR)), Some(Ok(minor))) if minor > MINOR => format.warn(format_args!(
            "`{text}` is later than {MAJOR}.{MINOR}, which is understood; what it has added is not"
        )),
        (Some(Ok(MAJOR)), Some(Ok(_)) | None) => {}
        _ => {
            return Err(format.problem(format_args!(
                "`{text}` is not a version that is understood: {MAJOR}.0 to {MAJOR}.{MINOR}"
            )));
        }
    }
    Ok(())
}

const MAJOR: u32 = 1;
const MINOR: u32 = 1;
