//! What the backends have, as their own APIs report it.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::otlp::list;
use crate::sampling::Kept;

#[derive(Clone, Debug)]
pub(crate) struct Backends(reqwest::Client);

impl Backends {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(reqwest::Client::builder().no_proxy().build()?))
    }

    /// Returns when Zipkin shows a trace.
    pub(crate) async fn first_trace(&self) -> Result<()> {
        let url = format!("{ZIPKIN}/api/v2/traces?limit=1");
        let is_there = |answer: &Value| !list(Some(answer)).is_empty();
        let is_shown = self.shows(&url, is_there, LONGEST_START).await;
        ensure!(is_shown, "Zipkin has no trace after {LONGEST_START:?}");
        Ok(())
    }

    /// The number of traces that each backend has with all of their spans.
    pub(crate) async fn complete(&self, kept: &Kept<'_>) -> [(&'static str, usize); 2] {
        let (mut zipkin, mut jaeger) = (0, 0);
        for (id, trace) in kept.traces() {
            let expected = trace.ids();
            let url = format!("{ZIPKIN}/api/v2/trace/{id}");
            let is_complete = |answer: &Value| ids(Some(answer), "id") == expected;
            zipkin += usize::from(self.shows(&url, is_complete, PATIENCE).await);
            let url = format!("{JAEGER}/api/traces/{id}");
            let is_complete =
                |answer: &Value| ids(answer.pointer("/data/0/spans"), "spanID") == expected;
            jaeger += usize::from(self.shows(&url, is_complete, PATIENCE).await);
        }
        [("Zipkin", zipkin), ("Jaeger", jaeger)]
    }

    async fn shows(&self, url: &str, is_it: impl Fn(&Value) -> bool, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let answer = async { self.0.get(url).send().await?.json::<Value>().await };
            if answer.await.is_ok_and(|answer| is_it(&answer)) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Zipkin shows both sides of a call with their own ids, as they were sent.
fn ids(spans: Option<&Value>, key: &str) -> BTreeSet<String> {
    let ids = list(spans).iter().filter_map(|span| span[key].as_str());
    ids.map(str::to_owned).collect()
}

pub(crate) const ZIPKIN: &str = "http://127.0.0.1:9411";
pub(crate) const JAEGER: &str = "http://127.0.0.1:16686";
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_START: Duration = Duration::from_secs(60);
