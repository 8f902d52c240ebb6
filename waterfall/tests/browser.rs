//! The page in a real browser: `cargo test -p otel-waterfall --test browser`.
//!
//! Needs Chromium, as in distributions (`apt-get install chromium`); `CHROMIUM` names another
//! program. Saves screenshots in the build's `tmp/page`.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

#[path = "common/browser.rs"]
mod browser;
mod common;

use std::path::{Path, PathBuf};

use otel_waterfall::{Batch, Page, Trace, Traces};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use browser::Browser;
use common::{hostile, log, request, span, text};

struct Site {
    traces: Traces,
    page: Page,
    /// Serves the page while the browser is driven.
    _runtime: Runtime,
}

impl Site {
    fn open() -> Self {
        let runtime = Runtime::new().unwrap();
        let traces = Traces::new(64 << 20);
        let page = Page::open(([127, 0, 0, 1], 0).into(), traces.clone());
        Self {
            page: runtime.block_on(page).unwrap(),
            traces,
            _runtime: runtime,
        }
    }

    fn put(&self, requests: &[&dyn erased::Request]) {
        for request in requests {
            let batch = Batch::from_line(&request.line()).unwrap();
            for trace in Trace::group(batch.spans) {
                self.traces.put(trace.with_logs(&batch.logs));
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.page.url())
    }
}

mod erased {
    pub(crate) trait Request {
        fn line(&self) -> String;
    }

    impl<T: serde::Serialize> Request for T {
        fn line(&self) -> String {
            serde_json::to_string(self).unwrap()
        }
    }
}

const TRACE: &str = "/trace/00000000000000000000000000000001";

/// A root, a call, ten equal queries and one that failed.
fn basket(site: &Site) {
    let mut root = span(1, 1, 0, "POST /orders", [0, 400]);
    root.attributes = vec![text("user.id", "ada")];
    let mut spans = vec![root, span(1, 2, 1, "Reserve", [20, 380])];
    spans.extend((0..10).map(|number| {
        let start = 30 + number * 34;
        let mut query = span(1, 10 + number, 2, "SELECT stock", [start, start + 34]);
        query.kind = 3;
        let query_text = text("db.query.text", "SELECT * FROM stock WHERE sku = ?");
        query.attributes = vec![text("db.system.name", "postgresql"), query_text];
        query
    }));
    site.put(&[&request("orders", spans), &log(1, 1, "order placed")]);
}

fn picture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    folder.join(name).with_extension("png")
}

#[test]
fn list_is_live_and_leads_to_the_waterfall() {
    let site = Site::open();
    let mut browser = Browser::start("live");
    browser.open(&site.url("/"));
    browser.wait_for("document.body.innerText.includes('Nothing here')");
    basket(&site);
    browser.wait_for("!!document.querySelector('tbody a')");
    browser.screenshot(&picture("list"));
    browser.click("tbody a");
    browser.wait_for(&format!("location.pathname === {}", json!(TRACE)));
    browser.wait_for("document.body.innerText.includes('10 × `SELECT stock`')");
    browser.screenshot(&picture("trace"));
    let elsewhere: Vec<_> = browser
        .requests
        .iter()
        .filter(|url| !url.starts_with(&site.url("/")) && !url.starts_with("data:"))
        .collect();
    assert_eq!(elsewhere, Vec::<&String>::new());
}

#[test]
fn rows_open_by_pointer_and_by_keyboard() {
    let site = Site::open();
    basket(&site);
    let mut browser = Browser::start("rows");
    browser.open(&site.url(TRACE));
    browser.click("li:nth-child(1) > details > summary");
    browser.wait_for("document.querySelector('li details').open");
    browser.wait_for("document.querySelector('dd').checkVisibility()");
    assert_eq!(
        browser.evaluate("document.querySelector('dd').innerText"),
        "ada"
    );

    // The third row stands for the ten queries, and each of them can be opened.
    browser.evaluate("document.querySelector('li:nth-child(3) > details > summary').focus()");
    browser.press("Enter");
    browser.wait_for("document.querySelector('li:nth-child(3) > details').open");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.repeats > li').length"),
        10
    );
    browser.press("Tab");
    browser.press("Enter");
    browser.wait_for("document.querySelector('.repeats details').open");
    browser.screenshot(&picture("opened"));
}

#[test]
fn dragging_along_the_axis_zooms() {
    let site = Site::open();
    basket(&site);
    let mut browser = Browser::start("zoom");
    browser.open(&site.url(TRACE));
    browser.drag(".axis svg", 0.25, 0.5);
    browser.wait_for("location.search.startsWith('?from=')");
    browser.wait_for("document.body.innerText.includes('Show all of it')");
    let from = browser.evaluate("Number(new URLSearchParams(location.search).get('from'))");
    let share = from.as_f64().unwrap() / 400e6;
    assert!((0.24..0.26).contains(&share), "{share}");
    browser.screenshot(&picture("zoomed"));
    browser.click("section p a");
    browser.wait_for("location.search === '' || location.search === '?'");
}

#[test]
fn everything_works_without_scripts() {
    let site = Site::open();
    basket(&site);
    let mut browser = Browser::start("plain");
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        &json!({ "value": true }),
    );
    browser.open(&site.url("/"));
    browser.click("tbody a");
    browser.wait_for(&format!("location.pathname === {}", json!(TRACE)));
    browser.wait_for("document.readyState === 'complete'");
    browser.click("li:nth-child(1) > details > summary");
    browser.wait_for("document.querySelector('li details').open");
    browser.click(".facts a");
    browser.wait_for("location.search.startsWith('?from=')");
    browser.open(&site.url("/services"));
    browser.wait_for("document.querySelectorAll('.graph rect').length === 2");
    browser.screenshot(&picture("services"));
}

#[test]
fn planted_scripts_do_not_run() {
    let site = Site::open();
    let planted = "<script>window.planted = 1</script>\
                   \"><img src=x onerror='window.planted = 1'><svg onload='window.planted = 1'>";
    let (spans, logs) = hostile(planted);
    site.put(&[&spans, &logs]);
    let mut browser = Browser::start("planted");
    for path in ["/", "/trace/00000000000000000000000000000007", "/services"] {
        browser.open(&site.url(path));
        browser.evaluate("document.querySelectorAll('details').forEach(row => row.open = true)");
        browser.wait_for("document.body.innerText.includes('window.planted')");
        assert_eq!(
            browser.evaluate("typeof window.planted"),
            "undefined",
            "{path}"
        );
        assert_eq!(browser.evaluate("document.images.length"), 0, "{path}");
    }
    browser.screenshot(&picture("planted"));
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    let site = Site::open();
    basket(&site);
    let mut browser = Browser::start("names");
    for path in ["/", TRACE, "/services"] {
        browser.open(&site.url(path));
        browser.evaluate("document.querySelectorAll('details').forEach(row => row.open = true)");
        let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let used = nodes.iter().filter(|node| {
            let role = node["role"]["value"].as_str().unwrap_or_default();
            let is_focusable = node["properties"].as_array().into_iter().flatten();
            let mut is_focusable = is_focusable.filter(|property| property["name"] == "focusable");
            !["RootWebArea", "main", "generic"].contains(&role)
                && is_focusable.any(|property| property["value"]["value"] == true)
        });
        let names: Vec<&Value> = used.map(|node| &node["name"]["value"]).collect();
        assert!(names.len() > 3, "{path}");
        let is_named = |name: &&Value| name.as_str().is_some_and(|name| !name.trim().is_empty());
        assert!(names.iter().all(is_named), "{path}: {names:?}");
    }
}

#[test]
fn light_and_dark_can_be_read() {
    let site = Site::open();
    basket(&site);
    let mut browser = Browser::start("dark");
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark"] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.call("Emulation.setEmulatedMedia", &media);
        browser.open(&site.url(TRACE));
        for selector in ["body", ".service", "nav a", ".counts", ".verdict"] {
            let contrast = browser.evaluate(&CONTRAST.replace("SELECTOR", selector));
            let contrast = contrast.as_f64().unwrap();
            // WCAG's requirements for text.
            assert!(contrast >= 4.5, "{scheme} {selector}: {contrast}");
        }
        backgrounds.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        browser.screenshot(&picture(scheme));
    }
    assert_ne!(backgrounds[0], backgrounds[1]);
}

const CONTRAST: &str = "(() => {
    const light = text => {
        const [r, g, b] = text.match(/\\d+/g).slice(0, 3).map(Number).map(value => {
            const share = value / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const text = light(getComputedStyle(document.querySelector('SELECTOR')).color);
    const back = light(getComputedStyle(document.body).backgroundColor);
    return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
})()";
