//! The file that `OTEL_CONFIG_FILE` names.
#![expect(dead_code, reason = "the model that reads sections comes next")]

mod parser;
mod problem;
mod scalar;
mod section;
mod substitution;
mod tree;
