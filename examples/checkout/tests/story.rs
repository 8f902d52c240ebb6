//! The output of `checkout`, from the real binary with its five processes.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use serde_json::Value;

fn checkout(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_checkout"))
        .args(arguments)
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .env_remove("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        // None of these variables may change the story: the spans go to the parent.
        .env("OTEL_TRACES_SAMPLER", "always_off")
        .env("OTEL_PROPAGATORS", "none")
        .env("OTEL_SERVICE_NAME", "someone else")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .output()
        .unwrap()
}

/// The spans of each trace, in the order of the checkouts.
fn traces() -> Vec<Vec<Value>> {
    let output = checkout(&["--json"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");

    let mut order = Vec::new();
    let mut traces: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let span: Value = serde_json::from_str(line).unwrap();
        let trace_id = span["trace_id"].as_str().unwrap().to_owned();
        if !order.contains(&trace_id) {
            order.push(trace_id.clone());
        }
        traces.entry(trace_id).or_default().push(span);
    }
    order
        .iter()
        .map(|trace_id| traces[trace_id].clone())
        .collect()
}

fn named<'a>(trace: &'a [Value], service: &str, name: &str) -> Vec<&'a Value> {
    trace
        .iter()
        .filter(|span| span["service"] == service && span["name"] == name)
        .collect()
}

#[test]
fn json_holds_three_whole_traces() {
    let traces = traces();
    assert_eq!(traces.len(), 3);
    for trace in &traces {
        let ids: BTreeSet<_> = trace
            .iter()
            .map(|span| span["span_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), trace.len());

        let (roots, others): (Vec<_>, Vec<_>) = trace
            .iter()
            .partition(|span| span.get("parent_span_id").is_none());
        let [root] = roots[..] else {
            panic!("{} roots", roots.len());
        };
        assert_eq!(
            (&root["service"], &root["name"]),
            (&"gateway".into(), &"POST /checkout".into())
        );
        for span in others {
            assert!(
                ids.contains(span["parent_span_id"].as_str().unwrap()),
                "{span}"
            );
        }
    }

    let services = |trace: &[Value]| -> BTreeSet<_> {
        trace
            .iter()
            .map(|span| span["service"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ["gateway", "inventory", "notification", "orders", "payment"];
    assert_eq!(services(&traces[0]), all.map(str::to_owned).into());
    assert_eq!(services(&traces[1]), all.map(str::to_owned).into());
    // No announcement is made for an order that failed.
    let declined = ["gateway", "inventory", "orders", "payment"];
    assert_eq!(services(&traces[2]), declined.map(str::to_owned).into());

    every_call_has_its_other_side(&traces);
    business_is_told(&traces);
    decline_is_an_error_where_it_happened(&traces[2]);
    large_basket_asks_once_a_line(&traces[1]);
    for placed in &traces[..2] {
        customer_is_told_across_the_queue(placed);
    }
}

fn every_call_has_its_other_side(traces: &[Vec<Value>]) {
    for trace in traces {
        let is_call = |attributes: &Value| {
            let protocols = ["http.request.method", "rpc.system.name"];
            protocols.iter().any(|key| attributes.get(key).is_some())
        };
        let calls = trace
            .iter()
            .filter(|span| span["kind"] == "client" && is_call(&span["attributes"]));
        for call in calls {
            let servers: Vec<_> = trace
                .iter()
                .filter(|span| {
                    span["parent_span_id"] == call["span_id"] && span["kind"] == "server"
                })
                .collect();
            assert_eq!(servers.len(), 1, "{call}");
            assert_ne!(servers[0]["service"], call["service"]);
        }
    }
}

fn business_is_told(traces: &[Vec<Value>]) {
    for trace in traces {
        let orders = named(trace, "orders", "POST /orders");
        assert_eq!(orders.len(), 1);
        assert_eq!(orders[0]["attributes"]["user.id"], "ada");
        assert!(orders[0]["attributes"]["order.value"].as_f64().unwrap() > 0.0);
    }
}

fn decline_is_an_error_where_it_happened(trace: &[Value]) {
    let payments = named(trace, "payment", "POST /payments");
    assert_eq!(payments[0]["status"], "error");
    assert_eq!(payments[0]["attributes"]["error.type"], "card_declined");
    assert_eq!(payments[0]["attributes"]["http.response.status_code"], 402);
    let released = named(trace, "inventory", "shop.inventory.v1.Inventory/Release");
    assert_eq!(released.len(), 1);
    assert_eq!(released[0]["attributes"]["rpc.status_code"], "OK");
    let root = named(trace, "gateway", "POST /checkout");
    assert_eq!(
        (
            &root[0]["status"],
            &root[0]["attributes"]["http.response.status_code"]
        ),
        (&"unset".into(), &402.into())
    );
}

fn large_basket_asks_once_a_line(trace: &[Value]) {
    let selects = named(trace, "inventory", "SELECT stock");
    assert_eq!(selects.len(), 40);
    let call = named(trace, "orders", RESERVE);
    let reservation = named(trace, "inventory", RESERVE);
    assert_eq!(reservation[0]["parent_span_id"], call[0]["span_id"]);
    // The stream is part of the call, on both sides.
    let last = selects.iter().map(|span| end(span)).max().unwrap();
    assert!(last <= end(reservation[0]), "{reservation:?}");
    assert!(last <= end(call[0]), "{call:?}");
    for select in selects {
        assert_eq!(select["parent_span_id"], reservation[0]["span_id"]);
        assert_eq!(select["kind"], "client");
        let expected = serde_json::json!({
            "db.system.name": "sqlite",
            "db.query.summary": "SELECT stock",
            "db.query.text": "SELECT id, available, price_cents FROM stock WHERE sku = ?1",
        });
        assert_eq!(select["attributes"], expected);
    }
}

/// One message was sent and processed, in the trace of the order.
#[cfg(feature = "kafka")]
fn customer_is_told_across_the_queue(trace: &[Value]) {
    let order = named(trace, "orders", "POST /orders");
    let sent = named(trace, "orders", "send order.placed");
    let told = named(trace, "notification", "process order.placed");
    assert_eq!((sent.len(), told.len()), (1, 1), "{trace:?}");
    assert_eq!(sent[0]["parent_span_id"], order[0]["span_id"]);
    assert_eq!(told[0]["parent_span_id"], sent[0]["span_id"]);
    assert_eq!(sent[0]["kind"], "producer");
    assert_eq!(told[0]["kind"], "consumer");
    assert!(told[0]["start_unix_nano"].as_u64() > sent[0]["start_unix_nano"].as_u64());
    for (span, group) in [(sent[0], None), (told[0], Some("notification"))] {
        let attributes = &span["attributes"];
        assert_eq!(span["status"], "unset", "{span}");
        assert_eq!(attributes["messaging.system.name"], "kafka");
        assert_eq!(attributes["messaging.destination.name"], "order.placed");
        assert_eq!(attributes["messaging.destination.partition.id"], "0");
        assert_eq!(attributes["messaging.client.id"], span["service"]);
        let found = attributes.get("messaging.consumer.group.name");
        assert_eq!(found.and_then(Value::as_str), group);
    }
    let place = |span: &Value| {
        let attributes = &span["attributes"];
        ["kafka.offset", "kafka.message.key"].map(|key| attributes[key].clone())
    };
    assert_eq!(place(sent[0]), place(told[0]));
    assert_ne!(place(sent[0])[0], Value::Null);
    assert!(named(trace, "orders", "POST /notifications").is_empty());
}

#[cfg(not(feature = "kafka"))]
fn customer_is_told_across_the_queue(trace: &[Value]) {
    let call = named(trace, "orders", "POST /notifications");
    let told = named(trace, "notification", "POST /notifications");
    assert_eq!(told[0]["parent_span_id"], call[0]["span_id"]);
}

fn end(span: &Value) -> u64 {
    span["start_unix_nano"].as_u64().unwrap() + span["duration_ns"].as_u64().unwrap()
}

#[test]
fn report_names_the_culprit_and_has_no_colours_without_a_terminal() {
    let output = checkout(&[]);
    assert!(output.status.success());
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(!report.contains('\u{1b}'), "{report}");
    assert!(
        report.lines().all(|line| line.chars().count() <= 100),
        "{report}"
    );

    let unwrapped = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.contains("SELECT stock ×40"), "{report}");
    assert!(
        unwrapped.contains("went to 40 × `SELECT stock` in inventory: the same query 40 times"),
        "{report}"
    );
    assert!(
        unwrapped.contains("the error `card_declined` began at `POST /payments` in payment."),
        "{report}"
    );
    every_service_says_something_below_its_span(&report);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said.matches(" ready on http://127.0.0.1:").count(),
        5,
        "{said}"
    );
}

fn every_service_says_something_below_its_span(report: &str) {
    let lines: Vec<_> = report.lines().map(str::trim_start).collect();
    for (service, span, log) in [
        (
            "gateway",
            "POST /checkout",
            "· checking out user=ada lines=40",
        ),
        (
            "orders",
            "POST /orders",
            "· order placed order=2 value_cents=",
        ),
        ("inventory", "Reserve", "· goods reserved reservation=2"),
        (
            "payment",
            "POST /payments",
            "· card authorized authorization=",
        ),
        ("notification", TOLD, "· customer told user=ada order=2"),
        ("payment", "POST /payments", "! card declined value_cents="),
        ("orders", "POST /orders", "! order given up reservation=3"),
    ] {
        let below = lines.iter().position(|line| line.starts_with(log));
        let below = below.unwrap_or_else(|| panic!("no {log} in {report}"));
        let above = lines[..below]
            .iter()
            .rfind(|line| !line.starts_with(['·', '!']));
        let above = above.unwrap();
        assert!(
            above.starts_with(service) && above.contains(span),
            "{above}"
        );
    }
}

#[test]
fn help_shows_the_options_and_hides_the_services() {
    let output = checkout(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--json",
        "--serve",
        "--web",
        "--port",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "NO_COLOR",
    ] {
        assert!(help.contains(option), "{help}");
    }
    assert!(!help.contains("service "), "{help}");
}

const TOLD: &str = match cfg!(feature = "kafka") {
    true => "process order.placed",
    false => "POST /notifications",
};
const RESERVE: &str = "shop.inventory.v1.Inventory/Reserve";
