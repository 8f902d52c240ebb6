//! Every option is documented, and says what happens without it.

use std::fs;

use crate::page::root;

#[test]
fn options_say_their_default() {
    let mut silent = Vec::new();
    let mut options = 0;
    for file in FILES {
        let source = fs::read_to_string(root().join(file)).expect("a source");
        let lines: Vec<_> = source.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if !is_setter(&lines[number..]) {
                continue;
            }
            options += 1;
            let above = lines[..number].iter().rev().map(|line| line.trim());
            let described = above
                .take_while(|line| line.starts_with("///") || line.starts_with("#["))
                .collect::<Vec<_>>()
                .join("\n")
                .to_lowercase();
            let says = ["default", "without", "otherwise", "replaces", "instead"];
            if !says.iter().any(|word| described.contains(word)) {
                silent.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
    assert!(options > 60, "only {options} options were found");
}

/// True if a function starts here that takes a configuration and returns it.
fn is_setter(lines: &[&str]) -> bool {
    let Some(first) = lines.first() else {
        return false;
    };
    let Some((_, name)) = first.split_once("pub fn ") else {
        return false;
    };
    let until_body = lines.iter().take(8).copied().collect::<Vec<_>>().join(" ");
    let head = until_body.split('{').next().unwrap_or_default();
    // `or` joins two configurations, and is no option.
    !name.starts_with("or(") && head.contains("mut self") && head.contains("-> Self")
}

/// Where the options are.
const FILES: [&str; 21] = [
    "autoconfigure/src/builder.rs",
    "autoconfigure/src/tracing_builder.rs",
    "instrumentation/src/config/client.rs",
    "instrumentation/src/config/common.rs",
    "instrumentation/src/config/database.rs",
    "instrumentation/src/config/messaging.rs",
    "instrumentation/src/config/server.rs",
    "middleware-axum/src/layer.rs",
    "middleware-actix/src/middleware.rs",
    "middleware-tonic/src/client.rs",
    "middleware-tonic/src/server.rs",
    "middleware-reqwest/src/layer.rs",
    "middleware-diesel/src/instrumentation.rs",
    "middleware-kafka/src/consumer/stream_consumer.rs",
    "middleware-kafka/src/producer/base.rs",
    "middleware-kafka/src/producer/future.rs",
    "middleware-kafka/src/producer/threaded.rs",
    "otlp/src/builder.rs",
    "tracing-bridge/src/record_layer.rs",
    "tracing-bridge/src/span_layer.rs",
    "tracing-bridge/src/line/mod.rs",
];
