//! The cost of the suite per request, compared with its peers: the setups and the columns.
//!
//! Each column is one framework with one middleware. It is measured in its own process, because the
//! providers and the subscriber are global. `docs/performance.md` describes the method.

pub mod bridges;
pub mod column;
pub mod early;
pub mod fastrace_costs;
pub mod floor;
pub mod frameworks;
pub mod growth;
pub mod guard;
pub mod measure;
pub mod memory;
pub mod pipeline;
pub mod request;
pub mod sdk;
pub mod sdk_of_oxtel;
pub mod serve;
pub mod setup;
pub mod sockets;
pub mod tables;
mod valgrind;
pub mod verify;
