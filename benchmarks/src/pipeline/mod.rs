//! From a request to the receiver of its span: the cost of a sampled request for the whole process.
//!
//! The in-process tables only count the thread of the request. An application also pays for what
//! happens to the span afterwards, on other threads. So the measured process exports to a receiver
//! in a separate process, and all of its threads are counted.

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
