//! The source of the plans: the variables, or a configuration file.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::ShouldSample;
use otel_propagation::CompositePropagator;

use crate::config_file::ConfigFile;
use crate::detected::Detected;
use crate::environment::Environment;
use crate::error::InitError;
use crate::logs::LogPlan;
use crate::metrics::MetricPlan;
use crate::notice::Notice;
use crate::resource::resource;
use crate::sampler::sampler;
use crate::traces::TracePlan;

/// The settings from either source. Each plan can be taken once.
pub(crate) struct Plans {
    /// The environment, without what the file replaces.
    pub(crate) environment: Environment,
    file: Option<ConfigFile>,
}

impl Plans {
    pub(crate) fn of_process() -> Result<Self, InitError> {
        let variables = Environment::of_process();
        let file = ConfigFile::named_by(&variables)?;
        let environment = match &file {
            Some(file) => {
                let environment = Environment::beside_file();
                environment.warn_of_file(file.warnings.iter().cloned());
                environment
            }
            None => variables,
        };
        Ok(Self { environment, file })
    }

    pub(crate) fn is_disabled(&self) -> bool {
        match &self.file {
            Some(file) => file.is_disabled(),
            None => self.environment.flag("OTEL_SDK_DISABLED"),
        }
    }

    pub(crate) fn resource(
        &mut self,
        service: Option<String>,
        attributes: Vec<KeyValue>,
        undetected: &[Detected],
    ) -> Resource {
        match &mut self.file {
            Some(file) => file.resource(service, attributes, undetected),
            None => resource(&self.environment, service, attributes, undetected),
        }
    }

    /// How spans are made, with the application's sampler if there is one. `None` if the file does
    /// not mention spans and there is nothing to add.
    pub(crate) fn traces(
        &mut self,
        own: Option<Box<dyn ShouldSample>>,
        is_needed: bool,
    ) -> Result<Option<TracePlan>, InitError> {
        let Some(file) = &mut self.file else {
            let plan = match own {
                Some(own) => TracePlan::read(&self.environment, own, None),
                None => {
                    let sampler = sampler(&self.environment);
                    let decides = Box::new(sampler.clone());
                    TracePlan::read(&self.environment, decides, Some(sampler))
                }
            };
            return plan.map(Some);
        };
        let plan = file.traces();
        let plan = plan.or_else(|| is_needed.then(TracePlan::without_processors));
        Ok(plan.map(|plan| match own {
            Some(sampler) => TracePlan {
                sampler,
                early: None,
                ..plan
            },
            None => plan,
        }))
    }

    /// `None` if nothing collects them: what measures then need not.
    pub(crate) fn metrics(&mut self, is_needed: bool) -> Result<Option<MetricPlan>, InitError> {
        let plan = match &mut self.file {
            Some(file) => file.metrics().unwrap_or_default(),
            None => MetricPlan::read(&self.environment)?,
        };
        Ok(Some(plan).filter(|plan| is_needed || !plan.readers.is_empty()))
    }

    /// `None` if nothing processes them: what logs then need not make records.
    pub(crate) fn logs(&mut self, is_needed: bool) -> Result<Option<LogPlan>, InitError> {
        let plan = match &mut self.file {
            Some(file) => file.logs().unwrap_or_default(),
            None => LogPlan::read(&self.environment)?,
        };
        Ok(Some(plan).filter(|plan| is_needed || !plan.processors.is_empty()))
    }

    /// The propagators. If a file names none, there are none.
    pub(crate) fn propagator(&self) -> CompositePropagator {
        let Some(file) = &self.file else {
            return otel_propagation::from_env();
        };
        let propagator = file.propagator();
        // A global propagator without fields counts as not set.
        otel_propagation::set_default(propagator.clone());
        propagator
    }

    /// Makes the HTTP options the process-wide defaults of the middlewares.
    pub(crate) fn install_http_defaults(&self) {
        if let Some(file) = &self.file
            && !file.http().install()
        {
            self.environment.warn("OTEL_CONFIG_FILE", HAS_DEFAULTS);
        }
    }

    /// Says which file is used.
    pub(crate) fn summary(&self) -> Option<Notice> {
        let file = self.file.as_ref()?;
        Some(Notice::information(file.summary.clone()))
    }
}

const HAS_DEFAULTS: &str =
    ": the defaults of HTTP (instrumentation/development) had been installed before; they stay";
