use std::fs;
use std::path::Path;

use opentelemetry::Key;

use super::*;

/// Reads the text with these variables, as `otel.yaml`.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<ConfigFile, String> {
    let present = variables.iter().map(|(name, _)| (*name).to_owned());
    ConfigFile::read("otel.yaml", text, present, |name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn warnings(file: &ConfigFile) -> Vec<String> {
    file.warnings.iter().map(ToString::to_string).collect()
}

fn official(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opentelemetry-configuration");
    let files = fs::read_dir(root.join(folder)).unwrap();
    let mut files: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn official_examples_are_understood() {
    let files = official("examples");
    assert_eq!(files.len(), 3);
    for (name, text) in files {
        let mut file = read(&text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected: &[&str] = match name.as_str() {
            "otel-getting-started" => &[],
            _ => &[
                "log_level",
                "attribute_limits",
                "exemplar_filter",
                "logger_provider.limits",
            ],
        };
        let said = warnings(&file);
        assert_eq!(said.len(), expected.len(), "{name}: {said:?}");
        for key in expected {
            let is_said = said
                .iter()
                .any(|it| it.contains(&format!("{key}: not supported")));
            assert!(is_said, "{name}: {key} in {said:?}");
        }
        assert_eq!(
            file.model.propagators,
            ["tracecontext", "baggage"],
            "{name}"
        );
        assert_eq!(file.traces().unwrap().processors.len(), 1, "{name}");
        assert_eq!(file.metrics().unwrap().readers.len(), 1, "{name}");
        assert_eq!(file.logs().unwrap().processors.len(), 1, "{name}");
    }
}

#[test]
fn official_snippets_are_understood_and_what_is_not_supported_is_said() {
    let files = official("snippets");
    assert_eq!(files.len(), 34);
    for (name, text) in files {
        let file = read(&text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let said = warnings(&file);
        let expected = UNSUPPORTED.iter().find(|(known, _)| *known == name);
        let expected = expected.map_or(&[][..], |(_, keys)| *keys);
        assert_eq!(said.len(), expected.len(), "{name}: {said:#?}");
        for key in expected {
            assert!(
                said.iter().any(|it| it.contains(key)),
                "{name}: {key} in {said:#?}"
            );
        }
        assert!(!said.iter().any(|it| it.contains("not known")) || name == "IdGenerator_custom");
    }
}

/// The keys of the snippets that cause a warning.
const UNSUPPORTED: [(&str, &[&str]); 15] = [
    (
        "ExperimentalGeneralInstrumentation_semconv_stability_opt_in",
        &["stability_opt_in_list", "http.semconv", "db.semconv"],
    ),
    (
        "ExperimentalInstrumentation_kitchen_sink",
        &[
            "stability_opt_in_list",
            "http.semconv",
            "db.semconv",
            "rpc.semconv",
            "messaging.semconv",
            "rust",
        ],
    ),
    (
        "ExperimentalLoggerConfigurator_kitchen_sink",
        &["logger_configurator/development"],
    ),
    (
        "ExperimentalMeterConfigurator_kitchen_sink",
        &["meter_configurator/development"],
    ),
    (
        "ExperimentalOtlpFileExporter_logs_file",
        &["otlp_file/development"],
    ),
    (
        "ExperimentalOtlpFileExporter_logs_stdout",
        &["otlp_file/development"],
    ),
    (
        "ExperimentalOtlpFileExporter_traces_file",
        &["otlp_file/development"],
    ),
    (
        "ExperimentalOtlpFileExporter_traces_stdout",
        &["otlp_file/development"],
    ),
    (
        "ExperimentalOtlpFileMetricExporter_metrics_file",
        &["otlp_file/development"],
    ),
    (
        "ExperimentalOtlpFileMetricExporter_metrics_stdout",
        &["otlp_file/development"],
    ),
    (
        "ExperimentalPrometheusMetricExporter_kitchen_sink",
        &["pull"],
    ),
    (
        "ExperimentalTracerConfigurator_kitchen_sink",
        &["tracer_configurator/development"],
    ),
    ("IdGenerator_custom", &["my_custom_id_generator"]),
    (
        "LogRecordLimits_kitchen_sink",
        &["attribute_limits", "logger_provider.limits"],
    ),
    ("View_kitchen_sink", &["attribute_keys"]),
];

#[test]
fn what_is_wrong_is_said_with_its_place_and_its_key() {
    for (text, expected) in [
        ("disabled: true", "otel.yaml:1:1: `file_format` is missing"),
        (
            "file_format: \"2.0\"",
            "otel.yaml:1:14: file_format: `2.0` is not a version",
        ),
        (
            "file_format: \"0.3\"",
            "otel.yaml:1:14: file_format: `0.3` is not a version",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider: {}",
            "otel.yaml:2:18: tracer_provider: `processors` is missing",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider:\n  processors:\n    - batch:\n",
            "otel.yaml:4:7: tracer_provider.processors[0].batch: `exporter` is missing",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider:\n  processors:\n    - batch: {exporter: {otlp_tcp: }}",
            "otel.yaml:4:26: tracer_provider.processors[0].batch.exporter.otlp_tcp: `otlp_tcp` is no exporter",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider:\n  processors:\n    - batch:\n        schedule_delay: soon\n        exporter: {console: }",
            "otel.yaml:5:25: tracer_provider.processors[0].batch.schedule_delay: an integer is expected here, not a text",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider:\n  processors: [{batch: {exporter: {otlp_http: {endpoint: \"c:4318\"}}}}]",
            "`c:4318` has no scheme such as http://",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider:\n  processors: [{simple: {exporter: {console: }}}]\n  sampler:\n    parent_based:\n      root: {trace_id_ratio_based: {ratio: 10}}",
            "otel.yaml:6:44: tracer_provider.sampler.parent_based.root.trace_id_ratio_based.ratio: a number from 0 to 1",
        ),
        (
            "file_format: \"1.1\"\ntracer_provider:\n  processors: [{simple: {exporter: {console: }}}]\n  sampler: {half: }",
            "otel.yaml:4:13: tracer_provider.sampler.half: `half` is none of always_on",
        ),
        (
            "file_format: \"1.1\"\npropagator:\n  composite: [tracecontext]",
            "a mapping with one key is expected here, not a text",
        ),
        (
            "file_format: \"1.1\"\npropagator:\n  composite_list: tracecontex",
            "`tracecontex` is no propagator",
        ),
        (
            "file_format: \"1.1\"\nfile_format: \"1.1\"",
            "otel.yaml:2:1: the key `file_format` is here twice",
        ),
        ("a: [", "otel.yaml:"),
    ] {
        let error = read(text, &[]).unwrap_err();
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn what_is_not_known_is_warned_about_once_with_its_line() {
    let text = "file_format: \"1.7\"\nresources:\n  a: 1\npropagator:\n  composite: [{b3: }]\n  extra: 1\n";
    let file = read(text, &[]).unwrap();
    assert_eq!(file.model.propagators, ["b3"]);
    let said = warnings(&file);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(
        said[0].starts_with("otel.yaml:1:1: file_format: `1.7` is later than 1.1"),
        "{said:#?}"
    );
    assert!(
        said[1].starts_with("otel.yaml:2:1: resources: this key is not known"),
        "{said:#?}"
    );
    assert!(
        said[2].starts_with("otel.yaml:6:3: propagator.extra: this key is not known"),
        "{said:#?}"
    );
    assert!(
        file.warnings
            .iter()
            .all(|warning| warning.variable() == "OTEL_CONFIG_FILE")
    );
}

#[test]
fn headers_come_from_both_lists_and_are_never_repeated() {
    let text = "file_format: \"1.1\"\ntracer_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_grpc:\n            endpoint: user:hush@localhost:4317\n            tls: {insecure: true}\n            timeout: 0\n            compression: gzip\n            headers_list: a=1,b=2,hush\n            headers:\n              - {name: b, value: \"${KEY}\"}\n              - {name: c, value: }\n";
    let mut file = read(text, &[("KEY", "secret")]).unwrap();
    let traces = file.traces().unwrap();
    let [crate::processor::Processor::Otlp { target, .. }] = traces.processors.as_slice() else {
        panic!("{traces:?}");
    };
    let headers: Vec<_> = target.headers.iter().collect();
    assert_eq!(headers.len(), 2);
    assert_eq!(
        (&target.headers["a"], &target.headers["b"]),
        (&"1".parse().unwrap(), &"secret".parse().unwrap())
    );
    assert!(target.is_compressed);
    assert_eq!(target.timeout, crate::environment::NO_LIMIT);
    assert_eq!(target.endpoint.url.to_string(), "http://localhost:4317/");
    let said = warnings(&file);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(!said.iter().any(|text| text.contains("hush")), "{said:?}");
}

#[test]
fn resource_is_what_the_file_says() {
    let text = "file_format: \"1.1\"\nresource:\n  attributes:\n    - {name: service.name, value: orders}\n    - {name: count, value: 3, type: int}\n    - {name: ratios, value: [1, 0.5], type: double_array}\n    - {name: nothing, value: }\n  attributes_list: service.name=listed,region=eu%20west\n  detection/development:\n    attributes: {excluded: [process.pid]}\n    detectors: [{process: }, {cloud: }]\n  schema_url: https://opentelemetry.io/schemas/1.16.0\n";
    let mut file = read(text, &[]).unwrap();
    let own = vec![KeyValue::new("region", "ours")];
    let resource = file.resource(Some("default".to_owned()), own, &[]);
    let value = |key: &'static str| resource.get(&Key::new(key)).map(|it| it.to_string());
    assert_eq!(value("service.name").as_deref(), Some("orders"));
    assert_eq!(value("count").as_deref(), Some("3"));
    assert_eq!(value("ratios").as_deref(), Some("[1,0.5]"));
    assert_eq!(value("region").as_deref(), Some("ours"));
    assert!(value("process.executable.name").is_some());
    for absent in ["process.pid", "nothing", "host.name", "service.instance.id"] {
        assert_eq!(value(absent), None, "{absent}");
    }
    assert_eq!(
        resource.schema_url(),
        Some("https://opentelemetry.io/schemas/1.16.0")
    );
    let said = warnings(&file);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("cloud: this detector is not known"),
        "{said:?}"
    );
}

#[test]
fn variables_without_effect_are_named() {
    let text = "file_format: \"1.1\"\ndisabled: ${OTEL_SDK_DISABLED:-false}\n# ${OTEL_TRACES_SAMPLER}\nresource: {detection/development: {detectors: [{service: }]}}\n";
    let variables = [
        ("OTEL_CONFIG_FILE", "otel.yaml"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_SERVICE_NAME", "orders"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ];
    let file = read(text, &variables).unwrap();
    assert!(file.is_disabled());
    assert!(
        file.summary.ends_with("ignored are OTEL_TRACES_SAMPLER"),
        "{}",
        file.summary
    );
}

#[test]
fn the_simplest_file_sets_nothing_up() {
    let mut file = read("file_format: 1.0\n", &[]).unwrap();
    assert!(file.traces().is_none() && file.metrics().is_none() && file.logs().is_none());
    assert!(!file.is_disabled() && file.model.propagators.is_empty() && file.warnings.is_empty());
}
