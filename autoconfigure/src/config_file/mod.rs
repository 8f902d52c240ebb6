//! The file that `OTEL_CONFIG_FILE` names: the schema of opentelemetry-configuration 1.1.
//!
//! The text is parsed into a tree ([`parser`]). The tree is read key by key ([`section`]) into the
//! same plans that variables give. Each problem is an error or a warning with its place.
//!
//! See <https://opentelemetry.io/docs/specs/otel/configuration/> and
//! <https://github.com/open-telemetry/opentelemetry-configuration>.

mod endpoint;
mod exporter;
mod file;
mod instrumentation;
mod logs;
mod metrics;
mod model;
mod parser;
mod problem;
mod processor;
mod propagators;
mod resource;
mod sampler;
mod scalar;
mod section;
mod substitution;
mod traces;
mod tree;
mod views;

pub(crate) use file::ConfigFile;
