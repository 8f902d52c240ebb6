//! `propagator`: how context is carried from service to service.

use super::problem::Problem;
use super::section::Section;
use super::section::Value;

/// The names of the propagators, each once; empty if none are named.
pub(super) fn propagators(section: &mut Section<'_>) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    for member in section.read("composite", Value::list)?.unwrap_or_default() {
        let (name, value) = member.choice()?;
        value.empty()?;
        add(name, &value, &mut names)?;
    }
    if let Some(list) = section.get("composite_list") {
        let text = list.text()?;
        let listed: Vec<_> = text
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect();
        match listed.as_slice() {
            // As in the variable: no propagators.
            ["none"] => {}
            names_in_list => {
                for name in names_in_list {
                    add(name, &list, &mut names)?;
                }
            }
        }
    }
    Ok(names)
}

fn add(name: &str, value: &Value<'_>, names: &mut Vec<String>) -> Result<(), Problem> {
    if otel_propagation::by_name(name).is_none() {
        return Err(value.problem(format_args!(
            "`{name}` is no propagator that is known: tracecontext, baggage, b3, b3multi, jaeger, \
             xray"
        )));
    }
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
    Ok(())
}
