//! Finds the file, reads it, and describes it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::fs;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use otel_instrumentation::HttpDefaults;
use otel_propagation::CompositePropagator;

use super::model::Model;
use super::parser::parsed;
use super::problem::Problem;
use super::section::Notes;
use super::section::Value;
use crate::detected::Detected;
use crate::environment::Environment;
use crate::error::InitError;
use crate::logs::LogPlan;
use crate::metrics::MetricPlan;
use crate::traces::TracePlan;
use crate::warning::Warning;

/// The contents of the configuration file.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    model: Model,
    /// The values that could not be used.
    pub(crate) warnings: Vec<Warning>,
    /// The name of the file, and the variables that have no effect beside it.
    pub(crate) summary: String,
}

impl ConfigFile {
    /// The file named by the environment, if there is one.
    pub(crate) fn named_by(variables: &Environment) -> Result<Option<Self>, InitError> {
        let named = [NAME, FORMER_NAME].map(|name| Some((name, variables.text(name)?)));
        let Some((name, path)) = named.into_iter().flatten().next() else {
            return Ok(None);
        };
        let text = fs::read_to_string(&path)
            .map_err(|error| InitError::in_file(format_args!("{path} ({name}): {error}")))?;
        let is_set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let is_set = is_set.filter(|name| name.starts_with("OTEL_"));
        let mut file = Self::read(&path, &text, is_set, |name| env::var(name).ok())
            .map_err(InitError::in_file)?;
        if name == FORMER_NAME {
            let text = format!(" is the former name of {NAME}, which is preferred");
            file.warnings.push(Warning::new(name, text));
        }
        Ok(Some(file))
    }

    /// Reads the text of the file; `present` are the variables that a user might expect to apply.
    fn read(
        path: &str,
        text: &str,
        present: impl Iterator<Item = String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let in_file = |problem: &Problem| format!("{path}:{problem}");
        let referred = RefCell::new(BTreeSet::new());
        let lookup = |name: &str| {
            referred.borrow_mut().insert(name.to_owned());
            variable(name)
        };
        let notes = Notes::default();
        let tree = parsed(text, &lookup).map_err(|problem| in_file(&problem))?;
        let model =
            Model::read(&Value::root(&tree, &notes)).map_err(|problem| in_file(&problem))?;
        let referred = referred.into_inner();
        let ignored: BTreeSet<String> = present
            .filter(|name| name != NAME && name != FORMER_NAME)
            .filter(|name| !referred.contains(name) && !model.resource.reads(name))
            .collect();
        let warnings = notes.into_problems();
        let warnings = warnings
            .iter()
            .map(|problem| Warning::in_file(NAME, in_file(problem)));
        Ok(Self {
            warnings: warnings.collect(),
            summary: summary(path, &ignored),
            model,
        })
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.model.is_disabled
    }

    pub(crate) fn resource(
        &mut self,
        service: Option<String>,
        attributes: Vec<KeyValue>,
        undetected: &[Detected],
    ) -> Resource {
        let plan = std::mem::take(&mut self.model.resource);
        let variables = Environment::of_process();
        plan.resource(&variables, service, attributes, undetected)
    }

    pub(crate) fn propagator(&self) -> CompositePropagator {
        let names = self.model.propagators.iter();
        let propagators = names.filter_map(|name| otel_propagation::by_name(name));
        CompositePropagator::new(propagators.collect())
    }

    pub(crate) fn http(&self) -> HttpDefaults {
        self.model.http.clone()
    }

    /// How spans are made. It can be taken once.
    pub(crate) fn traces(&mut self) -> Option<TracePlan> {
        self.model.traces.take()
    }

    pub(crate) fn metrics(&mut self) -> Option<MetricPlan> {
        self.model.metrics.take()
    }

    pub(crate) fn logs(&mut self) -> Option<LogPlan> {
        self.model.logs.take()
    }
}

fn summary(path: &str, ignored: &BTreeSet<String>) -> String {
    let ignored: Vec<&str> = ignored.iter().map(String::as_str).collect();
    let effect = match ignored.is_empty() {
        true => "none that is set is ignored".to_owned(),
        false => format!("ignored are {}", ignored.join(", ")),
    };
    format!("configured by {path}; other variables OTEL_* count where it refers to them: {effect}")
}

const NAME: &str = "OTEL_CONFIG_FILE";
const FORMER_NAME: &str = "OTEL_EXPERIMENTAL_CONFIG_FILE";

#[cfg(test)]
mod tests;
