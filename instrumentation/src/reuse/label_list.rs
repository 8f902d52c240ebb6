//! The list that collects the labels of a request's metrics, reused from request to request.

use opentelemetry::KeyValue;

use super::pool::Pool;

/// An empty list, with capacity if an earlier request left one.
pub(crate) fn list() -> Vec<KeyValue> {
    match SPARE.try_with(Pool::take) {
        Ok(Some(list)) => list,
        _ => Vec::with_capacity(USUAL),
    }
}

/// Leaves the list to the next request. Only the SDK's own copies outlive a measurement.
pub(crate) fn leave(mut list: Vec<KeyValue>) {
    list.clear();
    if list.capacity() <= MOST {
        // If the thread is about to end, the list is dropped.
        let _ = SPARE.try_with(|spare| spare.leave(list));
    }
}

thread_local! {
    static SPARE: Pool<Vec<KeyValue>> = const { Pool::new() };
}

/// Room for all labels of every convention.
const USUAL: usize = 7;
/// Lists that hooks have made longer are not kept.
const MOST: usize = 32;
