//! `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER`, `OTEL_LOGS_EXPORTER`: where a signal goes.

use crate::environment::Environment;
use crate::environment::none_of;
use crate::error::InitError;
use crate::signal::Signal;

/// One destination of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exporter {
    Otlp,
    Console,
}

/// The exporters of a list such as `otlp,console`: OTLP by default, none for `none`.
pub(crate) fn exporters(
    environment: &Environment,
    signal: Signal,
) -> Result<Vec<Exporter>, InitError> {
    let variable = signal.exporter_variable();
    let Some(list) = environment.text(&variable) else {
        return Ok(vec![Exporter::Otlp]);
    };
    let mut exporters = Vec::new();
    let mut is_none = false;
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let known = CHOICES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known));
        match known {
            Some((_, Some(exporter))) if exporters.contains(exporter) => {}
            Some((_, Some(exporter))) => exporters.push(*exporter),
            Some((_, None)) => is_none = true,
            None => environment.reject(
                &variable,
                name,
                &none_of(&CHOICES),
                match &list {
                    list if list == name => "otlp",
                    _ => "the rest of the list",
                },
            ),
        }
    }
    match (is_none, exporters.is_empty()) {
        (true, false) => Err(InitError::of(
            signal,
            format_args!("{variable}={list:?} asks for no exporter and for one"),
        )),
        (true, true) => Ok(Vec::new()),
        // A misspelt name must not switch telemetry off silently.
        (false, true) => Ok(vec![Exporter::Otlp]),
        (false, false) => Ok(exporters),
    }
}

const CHOICES: [(&str, Option<Exporter>); 3] = [
    ("otlp", Some(Exporter::Otlp)),
    ("console", Some(Exporter::Console)),
    ("none", None),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;
    use crate::environment::tests::said;

    #[test]
    fn list_selects_exporters() {
        use Exporter::Console;
        use Exporter::Otlp;
        let cases: [(&str, &[Exporter], usize); 9] = [
            ("", &[Otlp], 0),
            ("otlp", &[Otlp], 0),
            ("Console", &[Console], 0),
            ("none", &[], 0),
            (" otlp , console,otlp,", &[Otlp, Console], 0),
            ("zipkin", &[Otlp], 1),
            ("console,zipkin", &[Console], 1),
            ("none,zipkin", &[], 1),
            (",", &[Otlp], 0),
        ];
        for (list, expected, warnings) in cases {
            let environment = environment(&[("OTEL_LOGS_EXPORTER", list)]);
            let exporters = exporters(&environment, Signal::Logs).unwrap();
            assert_eq!(exporters, expected, "{list:?}");
            assert_eq!(said(environment).len(), warnings, "{list:?}");
        }
    }

    #[test]
    fn none_and_something_is_a_contradiction() {
        let environment = environment(&[("OTEL_TRACES_EXPORTER", "none,otlp")]);
        let error = exporters(&environment, Signal::Traces).unwrap_err();
        assert_eq!(
            error.to_string(),
            "telemetry cannot be set up: traces: \
             OTEL_TRACES_EXPORTER=\"none,otlp\" asks for no exporter and for one"
        );
    }
}
