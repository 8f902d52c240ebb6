//! The collectors that the signals go to, and the one thread that reaches them.

use std::time::{Duration, Instant};

use crate::{
    driver::Driver, environment::Environment, error::InitError, export::Pipeline, otlp::Target,
    outage::Destination, signal::Signal,
};

#[derive(Debug, Default)]
pub(crate) struct Collectors {
    /// Started for the first signal that is exported.
    driver: Option<Driver>,
    pipelines: Vec<Pipeline>,
}

impl Collectors {
    /// The target of the signal, and a pipeline to it in which an export takes `limit` at most.
    pub(crate) fn pipeline(
        &mut self,
        environment: &Environment,
        signal: Signal,
        limit: Duration,
    ) -> Result<(Target, Pipeline), InitError> {
        let target = Target::read(environment, signal)?;
        let driver = match &self.driver {
            Some(driver) => driver.clone(),
            None => Driver::start().map_err(|error| {
                InitError::new(format_args!("no thread for the exporters: {error}"))
            })?,
        };
        let mut known = self.pipelines.iter().map(|pipeline| &pipeline.destination);
        let destination = known
            .find(|known| known.endpoint() == target.collector)
            .cloned()
            .unwrap_or_else(|| Destination::new(&target.collector));
        let limit = limit.min(target.timeout);
        let pipeline = Pipeline::new(signal, driver.clone(), destination, limit);
        self.driver = Some(driver);
        self.pipelines.push(pipeline.clone());
        Ok((target, pipeline))
    }

    /// Nothing that is under way may take longer than until then.
    pub(crate) fn close_at(&self, deadline: Instant) {
        if let Some(driver) = &self.driver {
            driver.close_at(deadline);
        }
    }

    /// What was lost, and has not been made up for by a success since.
    pub(crate) fn losses(&self) -> impl Iterator<Item = String> {
        self.pipelines
            .iter()
            .filter_map(|pipeline| pipeline.destination.loss(pipeline.signal))
    }
}
