//! How the measurements of an instrument are aggregated.

use opentelemetry::Key;
use opentelemetry_sdk::metrics::Aggregation;
use opentelemetry_sdk::metrics::Instrument;
use opentelemetry_sdk::metrics::InstrumentKind;
use opentelemetry_sdk::metrics::Stream;

use crate::pattern::Pattern;

/// A view: what the selected instruments become. An instrument that several views select becomes
/// several metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct View {
    /// Selects instruments; an unset condition matches all.
    pub(crate) instrument: Option<Pattern>,
    pub(crate) kind: Option<InstrumentKind>,
    pub(crate) unit: Option<String>,
    pub(crate) meter: Option<Pattern>,
    pub(crate) meter_version: Option<String>,
    pub(crate) meter_schema: Option<String>,
    /// The result; an unset part stays as it is.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) aggregation: Option<Aggregation>,
    pub(crate) cardinality: Option<usize>,
    /// The attributes that are kept.
    pub(crate) attributes: Option<Vec<Key>>,
}

impl View {
    pub(crate) fn selects(&self, instrument: &Instrument) -> bool {
        let scope = instrument.scope();
        let is = |expected: &Option<String>, found: Option<&str>| {
            expected.as_deref().is_none_or(|it| found == Some(it))
        };
        let matches = |pattern: &Option<Pattern>, name: &str| {
            pattern.as_ref().is_none_or(|it| it.matches(name))
        };
        matches(&self.instrument, instrument.name())
            && self.kind.is_none_or(|kind| kind == instrument.kind())
            && is(&self.unit, Some(instrument.unit()))
            && matches(&self.meter, scope.name())
            && is(&self.meter_version, scope.version())
            && is(&self.meter_schema, scope.schema_url())
    }

    pub(crate) fn stream(&self, instrument: &Instrument, defaults: &Defaults) -> Option<Stream> {
        if !self.selects(instrument) {
            return None;
        }
        let mut stream = Stream::builder();
        if let Some(name) = &self.name {
            stream = stream.with_name(name.clone());
        }
        if let Some(description) = &self.description {
            stream = stream.with_description(description.clone());
        }
        let aggregation = self.aggregation.clone();
        if let Some(aggregation) = aggregation.or_else(|| defaults.aggregation(instrument.kind())) {
            stream = stream.with_aggregation(aggregation);
        }
        let cardinality = self.cardinality;
        if let Some(limit) = cardinality.or_else(|| defaults.cardinality.of(instrument.kind())) {
            stream = stream.with_cardinality_limit(limit);
        }
        if let Some(attributes) = &self.attributes {
            stream = stream.with_allowed_attribute_keys(attributes.iter().cloned());
        }
        stream.build().ok()
    }
}

/// How instruments that no view selects are aggregated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Defaults {
    /// Histograms have buckets that choose their own boundaries, with the size and the scale of the
    /// specification.
    pub(crate) is_exponential: bool,
    pub(crate) cardinality: Cardinality,
}

impl Defaults {
    pub(crate) fn stream(&self, instrument: &Instrument) -> Option<Stream> {
        let all = View::default();
        let kind = instrument.kind();
        let is_changed = self.aggregation(kind).is_some() || self.cardinality.of(kind).is_some();
        is_changed.then(|| all.stream(instrument, self))?
    }

    fn aggregation(&self, kind: InstrumentKind) -> Option<Aggregation> {
        let is_exponential = self.is_exponential && kind == InstrumentKind::Histogram;
        is_exponential.then_some(EXPONENTIAL)
    }
}

/// The maximum number of attribute sets of a metric, by the kind of its instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cardinality {
    pub(crate) default: Option<usize>,
    pub(crate) by_kind: Vec<(InstrumentKind, usize)>,
}

impl Cardinality {
    fn of(&self, kind: InstrumentKind) -> Option<usize> {
        let mut by_kind = self.by_kind.iter();
        let own = by_kind.find(|(known, _)| *known == kind);
        own.map(|(_, limit)| *limit).or(self.default)
    }
}

/// The defaults of the specification.
pub(crate) const EXPONENTIAL: Aggregation = Aggregation::Base2ExponentialHistogram {
    max_size: 160,
    max_scale: 20,
    record_min_max: true,
};
