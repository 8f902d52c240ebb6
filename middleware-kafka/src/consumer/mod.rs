//! A consumer that processes messages in the traces that they come from.

mod output;
mod processing;
mod receive;
mod stream;
mod stream_consumer;

pub use self::output::ProcessOutput;
pub use self::processing::Processing;
pub use self::stream::MessageStream;
pub use self::stream_consumer::OtelConsumer;
