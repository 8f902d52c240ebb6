//! What the services say to each other in JSON; the inventory speaks protobuf. Money is in cents.

use serde::{Deserialize, Serialize};

/// A customer's request, as it comes to the gateway and goes on to orders.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Checkout {
    pub(crate) user: String,
    pub(crate) card: String,
    pub(crate) lines: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
}

/// The reason of a failure.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Problem {
    pub(super) error: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Order {
    pub(super) order: u64,
    pub(super) value_cents: i64,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PaymentRequest {
    pub(super) card: String,
    pub(super) value_cents: i64,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Payment {
    pub(super) authorization: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct NotificationRequest {
    pub(super) user: String,
    pub(super) order: u64,
}
