//! The file that `OTEL_CONFIG_FILE` names: the schema of opentelemetry-configuration 1.1.
//!
//! From the text comes a tree ([`parser`]), from the tree, key by key ([`section`]), the plans that
//! variables would have given. What is wrong is an error or a warning with its place.
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
