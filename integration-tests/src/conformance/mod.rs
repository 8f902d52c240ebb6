//! Which test proves which scenario, for every framework: `docs/conformance.md`.
//!
//! A test names the ids of the scenarios that it proves in its comments, and [`page`] reads them
//! there. A scenario has passed if there is a test that names it, because continuous integration
//! runs them all. A scenario that no test names must be in the list of those that cannot apply,
//! with the reason.

mod scenarios;
mod sources;

use std::collections::BTreeMap;
use std::fmt::Write;

use self::scenarios::{CAPABILITIES, DIFFERENCES, NOT_APPLICABLE, SCENARIOS};
use self::sources::{Test, capabilities_of, scenarios_of, takes_part, tests_of};

/// A family of frameworks that are recorded by the same convention.
struct Family {
    title: &'static str,
    prefixes: &'static [&'static str],
    /// The scenarios that all of the family run, if it has several members.
    contract: Option<&'static str>,
    frameworks: &'static [Framework],
}

/// A framework, the file that applies the contract to it, if its family has one, and the folders of
/// further tests.
struct Framework {
    name: &'static str,
    contract: Option<&'static str>,
    tests: &'static [&'static str],
}

const FAMILIES: [Family; 4] = [
    Family {
        title: "HTTP servers",
        prefixes: &["HS", "HSU"],
        contract: Some("server"),
        frameworks: &[
            Framework {
                name: "axum",
                contract: Some("integration-tests/tests/axum.rs"),
                tests: &[
                    "integration-tests/tests/axum_routers.rs",
                    "integration-tests/tests/stack/tower_http.rs",
                    "integration-tests/tests/tower_service.rs",
                ],
            },
            Framework {
                name: "actix-web",
                contract: Some("integration-tests/tests/actix.rs"),
                tests: &[
                    "integration-tests/tests/actix_connections.rs",
                    "integration-tests/tests/actix_routes.rs",
                ],
            },
        ],
    },
    Family {
        title: "HTTP clients",
        prefixes: &["HC", "HCU"],
        contract: Some("client"),
        frameworks: &[
            Framework {
                name: "reqwest-middleware",
                contract: Some("integration-tests/tests/reqwest.rs"),
                tests: &["integration-tests/tests/reqwest_stack/middleware.rs"],
            },
            Framework {
                name: "reqwest, tower",
                contract: Some("integration-tests/tests/reqwest_tower.rs"),
                tests: &["integration-tests/tests/reqwest_stack/tower.rs"],
            },
        ],
    },
    Family {
        title: "gRPC",
        prefixes: &["GR"],
        contract: Some("rpc"),
        frameworks: &[
            Framework {
                name: "tonic",
                contract: Some("integration-tests/tests/tonic.rs"),
                tests: TONIC,
            },
            Framework {
                name: "tonic in axum",
                contract: Some("integration-tests/tests/tonic_axum.rs"),
                tests: TONIC,
            },
        ],
    },
    Family {
        title: "Kafka",
        prefixes: &["KA"],
        contract: None,
        frameworks: &[Framework {
            name: "rdkafka",
            contract: None,
            tests: &["middleware-kafka/src", "middleware-kafka/tests"],
        }],
    },
];

/// The client is the same for both kinds of servers.
const TONIC: &[&str] = &[
    "integration-tests/tests/tonic_client.rs",
    "middleware-tonic/src",
];

/// The rules, which are the same for all frameworks.
const RULES: [&str; 5] = [
    "autoconfigure/tests/tracing.rs",
    "instrumentation/src",
    "instrumentation/tests/messaging.rs",
    "integration-tests/tests/bad_input.rs",
    "integration-tests/tests/stack/rules.rs",
];

/// `docs/conformance.md`, as the sources have it now.
///
/// # Panics
///
/// If a scenario is proved by no test and not excused, or is excused and proved, or if a test names
/// an unknown scenario.
#[must_use]
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let rules: Vec<_> = RULES.iter().copied().flat_map(tests_of).collect();
    for family in &FAMILIES {
        write!(page, "\n## {}\n\n{}", family.title, table(family, &rules)).expect("a string");
    }
    page.push_str(
        "\n## Scenarios that do not apply\n\n| framework | tests | why |\n|---|---|---|\n",
    );
    for (framework, module, why) in CAPABILITIES {
        writeln!(page, "| {framework} | `{module}` | {why} |").expect("a string");
    }
    page.push_str("\n## Where frameworks differ\n\n");
    for (framework, difference) in DIFFERENCES {
        writeln!(page, "* **{framework}**: {difference}").expect("a string");
    }
    page
}

fn table(family: &Family, rules: &[Test]) -> String {
    let frameworks = family.frameworks.iter();
    let proofs: Vec<_> = frameworks
        .map(|framework| proofs(family, framework, rules))
        .collect();
    let names = family.frameworks.iter().map(|framework| framework.name);
    let names: Vec<_> = names.collect();
    let mut table = format!(
        "| id | scenario | {} | by |\n|---|---|{}---|\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for (id, what) in SCENARIOS {
        let (prefix, _) = id.split_once('-').expect("an id");
        if family.prefixes.contains(&prefix) {
            let (outcomes, by) = row(id, family, &proofs);
            let outcomes = outcomes.join(" | ");
            writeln!(table, "| {id} | {what} | {outcomes} | {by} |").expect("a string");
        }
    }
    table
}

/// The tests of one framework, by id.
type Proofs = BTreeMap<String, Vec<String>>;

fn proofs(family: &Family, framework: &Framework, rules: &[Test]) -> Proofs {
    let contract = family
        .contract
        .map(|contract| contract_of(framework, contract));
    let contract = contract.unwrap_or_default().into_iter();
    let own = framework.tests.iter().copied().flat_map(tests_of);
    let mut proofs = Proofs::new();
    for test in contract.chain(own).chain(rules.to_vec()) {
        for id in test.ids {
            let is_known = SCENARIOS.iter().any(|(known, _)| *known == id);
            assert!(is_known, "{} names {id}, which is unknown", test.name);
            proofs.entry(id).or_default().push(test.name.clone());
        }
    }
    proofs
}

/// The scenarios of the contract that a framework can run.
fn contract_of(framework: &Framework, contract: &str) -> Vec<Test> {
    let file = framework.contract;
    let capabilities = file.and_then(|file| takes_part(file, contract));
    let capabilities =
        capabilities.unwrap_or_else(|| panic!("{} takes no part in the contract", framework.name));
    for capability in capabilities_of(contract) {
        let module = format!("contract::{contract}::{capability}");
        let mut excuses = CAPABILITIES.iter();
        let is_excused = excuses.any(|(name, of, _)| *name == framework.name && *of == module);
        assert!(
            capabilities.contains(&capability) != is_excused,
            "{} has {capability}, or a reason why not",
            framework.name
        );
    }
    // A scenario that cannot apply is not tested there, so it proves nothing.
    let lacks = |test: &Test| {
        let mut lacking = CAPABILITIES.iter();
        lacking.any(|(name, module, _)| {
            *name == framework.name && test.name.starts_with(&format!("{module}::"))
        })
    };
    let mut scenarios = scenarios_of(contract);
    scenarios.retain(|test| !lacks(test));
    scenarios
}

/// The outcomes of all frameworks, with the tests or reasons behind them.
fn row(id: &str, family: &Family, proofs: &[Proofs]) -> (Vec<&'static str>, String) {
    let mut outcomes = Vec::new();
    let mut by: Vec<String> = Vec::new();
    for (framework, proofs) in family.frameworks.iter().zip(proofs) {
        let excuse = NOT_APPLICABLE.iter().find(|(excused, name, _)| {
            *excused == id && name.is_none_or(|name| name == framework.name)
        });
        let found = match (proofs.get(id), excuse) {
            (Some(tests), None) => {
                outcomes.push("passed");
                tests.iter().map(|test| format!("`{test}`")).collect()
            }
            (None, Some((.., reason))) => {
                outcomes.push("not applicable");
                vec![(*reason).to_owned()]
            }
            (None, None) => panic!("{id} is proved by no test for {}", framework.name),
            (Some(tests), Some(_)) => {
                panic!(
                    "{id} is excused for {}, and proved by {tests:?}",
                    framework.name
                )
            }
        };
        by.extend(found);
    }
    let mut seen = std::collections::BTreeSet::new();
    by.retain(|it| seen.insert(it.clone()));
    (outcomes, by.join("<br>"))
}

const INTRODUCTION: &str = "\
# Conformance

What the instrumentation suites of other languages prove about theirs, and which of our tests
prove it here. Generated from the sources of the tests, which name the ids in their comments:

```sh
cargo run -p integration-tests --bin conformance > docs/conformance.md
```

A test fails where this page is not what that command prints, where an id is covered by no test
and has no reason, or where a test is ignored that an id depends on. Names and types of all
attributes and metrics that any of these tests records are checked against a table of the
[semantic conventions](https://opentelemetry.io/docs/specs/semconv/) 1.45,
`integration-tests/src/semconv.rs`; the tests of Kafka compare whole sets of them instead.
`contract::…` is run for every framework of its table.
The tests of Kafka run against librdkafka's mock cluster, and against a real broker by
`integration-tests/kafka/run`.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let path = sources::root().join("docs/conformance.md");
        assert!(
            sources::read(&path) == page(),
            "run: cargo run -p integration-tests --bin conformance > docs/conformance.md"
        );
    }

    #[test]
    fn ids_are_there_once_and_in_order() {
        let ids: Vec<_> = SCENARIOS.iter().map(|(id, _)| *id).collect();
        for family in ["HS", "HSU", "HC", "HCU", "GR", "KA"] {
            let of_family = ids.iter().filter(|id| id.split('-').next() == Some(family));
            let of_family: Vec<_> = of_family.collect();
            assert!(
                of_family.is_sorted_by(|left, right| left < right),
                "{family}"
            );
        }
        for (id, ..) in NOT_APPLICABLE {
            assert!(ids.contains(id), "{id}");
        }
    }
}
