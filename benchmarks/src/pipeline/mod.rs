//! From a request to the receiver of its span: what a sampled request costs the whole process.
//!
//! In process, as in the tables, a request costs what its thread does. An application also pays for
//! what happens to the span afterwards, on other threads. So the process that is measured exports
//! to a receiver in a process of its own, and all of its threads count.

mod full_load;
mod head_sampling;
mod row;
pub mod run;
pub mod sink;
mod spans;
pub mod stack;
pub mod subject;
mod table;

pub use head_sampling::print as print_head_sampling;
pub(crate) use table::MEMCHECK;
pub use table::print;
