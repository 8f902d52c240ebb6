//! The page as a client sees it that runs no scripts.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

mod common;

use opentelemetry_proto::tonic::trace::v1::span::Link;
use otel_waterfall::{Batch, Page, Trace, Traces};
use reqwest::{Client, Response};

use common::{hostile, request, span, text};

struct Site {
    page: Page,
    traces: Traces,
    client: Client,
}

impl Site {
    async fn open() -> Self {
        let traces = Traces::new(64 << 20);
        let page = Page::open(([127, 0, 0, 1], 0).into(), traces.clone());
        Self {
            page: page.await.unwrap(),
            traces,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn put(&self, request: &impl serde::Serialize) {
        let line = serde_json::to_string(request).unwrap();
        let batch = Batch::from_line(&line).unwrap();
        for trace in Trace::group(batch.spans) {
            self.traces.put(trace.with_logs(&batch.logs));
        }
    }

    async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.page.url());
        self.client.get(url).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert!(answer.status().is_success(), "{path}");
        answer.text().await.unwrap()
    }
}

#[tokio::test]
async fn list_is_filtered_without_scripts() {
    let site = Site::open().await;
    for (trace, name, ms) in [
        (1, "GET /cart", 10),
        (2, "GET /home", 300),
        (3, "PUT /cart", 400),
    ] {
        site.put(&request("shop", vec![span(trace, 1, 0, name, [0, ms])]));
    }
    let table = [
        ("/", vec!["PUT /cart", "GET /home", "GET /cart"]),
        (
            "/?route=cart&service=&slow=&errors=",
            vec!["PUT /cart", "GET /cart"],
        ),
        ("/?slow=200", vec!["PUT /cart", "GET /home"]),
        ("/?slow=200&route=*home", vec!["GET /home"]),
        ("/?errors=1", vec![]),
        ("/?service=other", vec![]),
        ("/rows?slow=350", vec!["PUT /cart"]),
        ("/?page=1", vec![]),
    ];
    for (path, names) in table {
        let list = site.text(path).await;
        let found: Vec<_> = list
            .split("<a href=\"/trace/")
            .skip(1)
            .map(|rest| rest.split(['>', '<']).nth(1).unwrap().to_owned())
            .collect();
        assert_eq!(found, names, "{path}");
    }
}

#[tokio::test]
async fn long_list_has_pages() {
    let site = Site::open().await;
    for trace in 1..=250 {
        site.put(&request("shop", vec![span(trace, 1, 0, "GET /", [0, 1])]));
    }
    let count = |list: &str| list.matches("<tr><td>").count();
    let first = site.text("/").await;
    assert_eq!(count(&first), 100);
    assert!(first.contains("href=\"/?page=1\""), "{first}");
    let last = site.text("/?page=2").await;
    assert_eq!(count(&last), 50);
    assert!(!last.contains("href=\"/?page=3\""));
}

#[tokio::test]
async fn trace_shows_all_that_is_known_and_zooms() {
    let site = Site::open().await;
    let mut root = span(1, 1, 0, "POST /orders", [0, 100]);
    root.attributes = vec![text("user.id", "ada")];
    let late = span(1, 2, 1, "late", [80, 90]);
    site.put(&request("orders", vec![root, late]));
    let path = "/trace/00000000000000000000000000000001";
    let page = site.text(path).await;
    for part in [
        "POST /orders",
        "user.id",
        "ada",
        "late",
        "In this request, 90 % of 100 ms",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("?from=80000000&amp;to=90000000"), "{page}");
    let early = site.text(&format!("{path}?from=0&to=50000000")).await;
    assert!(early.contains("POST /orders") && !early.contains(">late<"));
    // Nonsense shows all of it.
    for zoom in [
        "?from=9&to=1",
        "?from=x&to=y",
        "?from=99999999999999999999&to=0",
    ] {
        assert!(site.text(&format!("{path}{zoom}")).await.contains(">late<"));
    }
}

#[tokio::test]
async fn link_leads_to_another_trace_if_that_is_here() {
    let site = Site::open().await;
    let mut consumer = span(2, 1, 0, "orders process", [200, 210]);
    consumer.kind = 5;
    consumer.links = [1_u128, 9]
        .map(|trace| Link {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: vec![1; 8],
            ..Link::default()
        })
        .into();
    let producer = span(1, 1, 0, "orders send", [0, 10]);
    site.put(&request("shop", vec![producer]));
    site.put(&request("worker", vec![consumer]));
    let page = site.text("/trace/00000000000000000000000000000002").await;
    let linked = page
        .matches("href=\"/trace/00000000000000000000000000000001\"")
        .count();
    assert_eq!(linked, 1, "{page}");
    assert!(page.contains("which is not here"), "{page}");
}

#[tokio::test]
async fn nothing_of_a_span_becomes_markup() {
    let site = Site::open().await;
    let planted = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let (spans, logs) = hostile(planted);
    site.put(&spans);
    site.put(&logs);
    for path in [
        "/",
        "/rows",
        "/trace/00000000000000000000000000000007",
        "/services",
    ] {
        let page = site.text(path).await;
        assert!(page.contains("&lt;script&gt;"), "{path}");
        assert!(!page.contains("<script>"), "{path}");
        assert!(!page.contains("<img"), "{path}");
    }
    let searched = site.text("/?route=%22%3E%3Cscript%3E").await;
    assert!(!searched.contains("<script>"));
}

#[tokio::test]
async fn only_this_machine_is_answered_and_no_other_site_is_trusted() {
    let site = Site::open().await;
    let url = site.page.url();
    for (host, status) in [("localhost:1", 200), ("[::1]", 200), ("evil.example", 421)] {
        for path in ["/", "/changes", "/style.css"] {
            let request = site.client.get(format!("{url}{path}")).header("host", host);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{host} {path}");
            let policy = answer.headers()["content-security-policy"]
                .to_str()
                .unwrap();
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let site = Site::open().await;
    for path in [
        "/trace/00000000000000000000000000000009",
        "/trace/x",
        "/nowhere",
    ] {
        assert_eq!(site.get(path).await.status().as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn large_trace_is_cut_with_a_word() {
    let site = Site::open().await;
    let mut spans = vec![span(1, 1, 0, "root", [0, 100])];
    spans.extend((2..10_002).map(|id| span(1, id, 1, &format!("step {id}"), [1, 2])));
    site.put(&request("batch", spans));
    let page = site.text("/trace/00000000000000000000000000000001").await;
    assert!(page.contains("Not all rows are shown: 8001 more"));
    assert!(page.len() < 4_000_000, "{}", page.len());
}
