//! What the backends show, asked by their own interfaces.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::spans::Spans;

/// How many of the traces each backend has with all of their spans.
pub(crate) async fn shown(
    traces: impl Iterator<Item = &String>,
    all: &Spans,
) -> Result<[(&'static str, usize); 2]> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let (mut zipkin, mut jaeger) = (0, 0);
    for trace in traces {
        let expected = all.of(trace).into_iter().flatten();
        let expected: BTreeSet<_> = expected.map(|(id, _)| id.clone()).collect();
        let url = format!("http://127.0.0.1:9411/api/v2/trace/{trace}");
        let ids = |answer: &Value| ids(answer.as_array(), "id");
        zipkin += usize::from(has(&http, &url, ids, &expected).await);
        let url = format!("http://127.0.0.1:16686/api/traces/{trace}");
        let ids = |answer: &Value| {
            let spans = answer.pointer("/data/0/spans");
            self::ids(spans.and_then(Value::as_array), "spanID")
        };
        jaeger += usize::from(has(&http, &url, ids, &expected).await);
    }
    Ok([("Zipkin", zipkin), ("Jaeger", jaeger)])
}

async fn has(
    http: &reqwest::Client,
    url: &str,
    ids: impl Fn(&Value) -> BTreeSet<String>,
    expected: &BTreeSet<String>,
) -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = async { http.get(url).send().await?.json::<Value>().await };
        if answer.await.is_ok_and(|answer| ids(&answer) == *expected) {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Zipkin shows both sides of a call under ids of their own, as they were sent.
fn ids(spans: Option<&Vec<Value>>, key: &str) -> BTreeSet<String> {
    let ids = spans
        .into_iter()
        .flatten()
        .filter_map(|span| span[key].as_str());
    ids.map(str::to_owned).collect()
}

const PATIENCE: Duration = Duration::from_secs(10);
