//! `instrumentation/development`: defaults for the options of the middlewares.

use otel_instrumentation::HttpDefaults;

use super::problem::Problem;
use super::section::Section;
use super::section::Value;

/// The settings for HTTP in the general part.
pub(super) fn http_defaults(section: &mut Section<'_>) -> Result<HttpDefaults, Problem> {
    // Parts for other languages do not concern us.
    for language in LANGUAGES {
        section.get(language);
    }
    section.unsupported("rust", "no instrumentation has settings of its own");
    let general = section.read("general", |general| general.mapping(self::general))?;
    Ok(general.unwrap_or_default())
}

fn general(section: &mut Section<'_>) -> Result<HttpDefaults, Problem> {
    section.unsupported("stability_opt_in_list", STABLE);
    for convention in ["code", "db", "gen_ai", "messaging", "rpc"] {
        if let Some(value) = section.get(convention) {
            value.mapping(|section| {
                section.unsupported("semconv", STABLE);
                Ok(())
            })?;
        }
    }
    let mut defaults = HttpDefaults::new();
    if let Some(http) = section.get("http") {
        defaults = http.mapping(|section| self::http(section, defaults))?;
    }
    let Some(sanitization) = section.get("sanitization") else {
        return Ok(defaults);
    };
    sanitization.mapping(|section| {
        let Some(url) = section.get("url") else {
            return Ok(defaults);
        };
        url.mapping(|section| {
            Ok(match section.read("sensitive_query_parameters", names)? {
                Some(names) => defaults.sensitive_query_keys(names),
                None => defaults,
            })
        })
    })
}

fn http(section: &mut Section<'_>, mut defaults: HttpDefaults) -> Result<HttpDefaults, Problem> {
    section.unsupported("semconv", STABLE);
    if let Some(side) = section.read("client", |value| value.mapping(Side::read))? {
        defaults = defaults
            .client_request_headers(side.request_headers)
            .client_response_headers(side.response_headers);
        if let Some(methods) = side.methods {
            defaults = defaults.client_known_methods(methods);
        }
    }
    if let Some(side) = section.read("server", |value| value.mapping(Side::read))? {
        defaults = defaults
            .server_request_headers(side.request_headers)
            .server_response_headers(side.response_headers);
        if let Some(methods) = side.methods {
            defaults = defaults.server_known_methods(methods);
        }
    }
    Ok(defaults)
}

/// `client` or `server`
struct Side {
    request_headers: Vec<String>,
    response_headers: Vec<String>,
    methods: Option<Vec<String>>,
}

impl Side {
    fn read(section: &mut Section<'_>) -> Result<Self, Problem> {
        let request_headers = section.read("request_captured_headers", Value::texts)?;
        let response_headers = section.read("response_captured_headers", Value::texts)?;
        Ok(Self {
            request_headers: request_headers.unwrap_or_default(),
            response_headers: response_headers.unwrap_or_default(),
            methods: section.read("known_methods", names)?,
        })
    }
}

/// A list that may be empty.
fn names(value: &Value<'_>) -> Result<Vec<String>, Problem> {
    value.list_or_empty()?.iter().map(Value::text).collect()
}

const STABLE: &str = "the stable conventions are recorded, and no other ones";
const LANGUAGES: [&str; 10] = [
    "cpp", "dotnet", "erlang", "go", "java", "js", "php", "python", "ruby", "swift",
];
