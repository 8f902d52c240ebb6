//! `${NAME}`, `${env:NAME}`, `${NAME:-default}` and `$$` in the values of a configuration file.
//!
//! See <https://opentelemetry.io/docs/specs/otel/configuration/data-model/#environment-variable-substitution>.

/// Looks up the value of a variable by its name.
pub(super) type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Resolves the references in the text, once: references in the value of a variable stay as they
/// are. Returns an error for a reference that has none of the forms above.
pub(super) fn substituted(text: &str, variable: &Lookup<'_>) -> Result<String, String> {
    let mut substituted = String::with_capacity(text.len());
    // A reference cannot extend across an escaped dollar.
    for (index, part) in text.split("$$").enumerate() {
        if index > 0 {
            substituted.push('$');
        }
        resolve(part, variable, &mut substituted)?;
    }
    Ok(substituted)
}

fn resolve(text: &str, variable: &Lookup<'_>, resolved: &mut String) -> Result<(), String> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        resolved.push_str(before);
        let Some((content, after)) = after.split_once('}').filter(|(it, _)| !it.is_empty()) else {
            resolved.push_str("${");
            rest = after;
            continue;
        };
        let Reference { name, default } = Reference::parse(content)?;
        match variable(name).filter(|value| !value.is_empty()) {
            Some(value) => resolved.push_str(&value),
            None => resolved.push_str(default),
        }
        rest = after;
    }
    resolved.push_str(rest);
    Ok(())
}

/// The text between the braces.
struct Reference<'a> {
    name: &'a str,
    default: &'a str,
}

impl<'a> Reference<'a> {
    fn parse(content: &'a str) -> Result<Self, String> {
        let malformed = || {
            format!(
                "`${{{content}}}` is no reference to a variable: it has to be ${{NAME}}, \
                 ${{env:NAME}} or ${{NAME:-default}} (and $$ for a dollar)"
            )
        };
        let reference = match content.strip_prefix("env:") {
            // A default for a variable with the name `env`.
            Some(rest) if rest.starts_with('-') => content,
            Some(rest) => rest,
            None => content,
        };
        let end = reference
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .unwrap_or(reference.len());
        let (name, rest) = reference.split_at(end);
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(malformed());
        }
        let default = match rest {
            "" => "",
            _ => rest.strip_prefix(":-").ok_or_else(malformed)?,
        };
        match default.contains('\n') {
            true => Err(malformed()),
            false => Ok(Self { name, default }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables in the specification's table.
    fn variable(name: &str) -> Option<String> {
        let value = match name {
            "STRING_VALUE" => "value",
            "BOOL_VALUE" => "true",
            "INVALID_MAP_VALUE" => "value\nkey:value",
            "DO_NOT_REPLACE_ME" => "Never use this value",
            "REPLACE_ME" => "${DO_NOT_REPLACE_ME}",
            "VALUE_WITH_ESCAPE" => "value$$",
            "FLOAT_VALUE" => "1.1",
            "EMPTY" => "",
            "env" => "a variable",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn references_are_resolved_as_in_the_table_of_the_specification() {
        for (text, expected) in [
            ("${STRING_VALUE}", "value"),
            ("${env:STRING_VALUE}", "value"),
            ("${BOOL_VALUE}", "true"),
            ("${INVALID_MAP_VALUE}", "value\nkey:value"),
            ("foo ${STRING_VALUE} ${FLOAT_VALUE}", "foo value 1.1"),
            ("${UNDEFINED_KEY}", ""),
            ("${UNDEFINED_KEY:-fallback}", "fallback"),
            ("${env:UNDEFINED_KEY:-fall back: %}", "fall back: %"),
            ("${EMPTY:-fallback}", "fallback"),
            ("${STRING_VALUE:-fallback}", "value"),
            ("${REPLACE_ME}", "${DO_NOT_REPLACE_ME}"),
            ("${UNDEFINED_KEY:-${STRING_VALUE}}", "${STRING_VALUE}"),
            ("$${STRING_VALUE}", "${STRING_VALUE}"),
            ("$$${STRING_VALUE}", "$value"),
            ("$$$${STRING_VALUE}", "$${STRING_VALUE}"),
            ("$${STRING_VALUE:-fallback}", "${STRING_VALUE:-fallback}"),
            (
                "$${STRING_VALUE:-${STRING_VALUE}}",
                "${STRING_VALUE:-value}",
            ),
            (
                "${UNDEFINED_KEY:-$${UNDEFINED_KEY}}",
                "${UNDEFINED_KEY:-${UNDEFINED_KEY}}",
            ),
            ("${VALUE_WITH_ESCAPE}", "value$$"),
            ("a $$ b", "a $ b"),
            ("a $ b", "a $ b"),
            ("$${FOO} ${STRING_VALUE} $${BAZ}", "${FOO} value ${BAZ}"),
            ("${env:-x}", "a variable"),
            ("${}", "${}"),
            ("${STRING_VALUE", "${STRING_VALUE"),
            ("", ""),
        ] {
            let found = substituted(text, &variable);
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_reference_and_is_none_is_an_error() {
        for text in [
            "${STRING_VALUE:?error}",
            "${1API_KEY}",
            "${API_$KEY}",
            "${API KEY}",
            "${sys:otel.service.name}",
            "${env:1API_KEY}",
            "${env:}",
            "${ A }",
            "${A:-a\nb}",
            "ok ${STRING_VALUE} ${-}",
        ] {
            let error = substituted(text, &variable).unwrap_err();
            assert!(error.contains("is no reference"), "{text}: {error}");
        }
    }
}
