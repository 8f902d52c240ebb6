//! One request, call, message or query from its start to its end, whatever its convention.

mod baggage;
mod body;
mod convention;
mod creation;
mod header_capture;
mod instrumentation;
mod kept_request;
mod lifecycle;
mod message_operation;
mod parent;
mod peer;
mod recorded;
mod recording;
mod records;
mod route;
mod rpc_operation;
mod run;
mod server_span;
mod start;
mod state;

pub(crate) use self::baggage::Injection;
pub use self::body::Transfer;
pub(crate) use self::convention::Convention;
pub(crate) use self::creation::Creation;
pub(crate) use self::instrumentation::Instrumentation;
pub use self::lifecycle::Operation;
pub use self::message_operation::MessageOperation;
pub(crate) use self::parent::Origin;
pub(crate) use self::peer::peer_attributes;
pub use self::recorded::{HttpRecorded, RpcRecorded};
pub(crate) use self::route::Route;
pub use self::route::RouteHandle;
pub use self::rpc_operation::RpcOperation;
pub use self::server_span::{ServerSpan, server_span};
pub(crate) use self::start::Start;
