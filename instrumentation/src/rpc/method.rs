//! `package.Service/Method`, read from the path of a gRPC request.

/// The full name of the method in a path such as `/package.Service/Method`.
///
/// A prefix from a proxy or an origin is left out. `None` if the path has no service or no method.
///
/// ```
/// use otel_instrumentation::rpc_method;
///
/// assert_eq!(rpc_method("/example.Greeter/SayHello"), Some("example.Greeter/SayHello"));
/// assert_eq!(rpc_method("/example.Greeter/"), None);
/// ```
#[must_use]
pub fn rpc_method(path: &str) -> Option<&str> {
    let last_slash = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'/');
    let method = last_slash(path.as_bytes())?;
    let service = last_slash(path.as_bytes().get(..method)?)?;
    if service + 1 == method || method + 1 == path.len() {
        return None;
    }
    path.get(service + 1..)
}

/// The value of `rpc.method_original` for a path, which may be anything.
pub(super) fn original(path: &str) -> &str {
    rpc_method(path).unwrap_or_else(|| path.strip_prefix('/').unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_read_from_paths() {
        // GR-21
        let cases = [
            ("/service/method", Some("service/method"), "service/method"),
            (
                "/example.Greeter/SayHello",
                Some("example.Greeter/SayHello"),
                "example.Greeter/SayHello",
            ),
            ("/prefix/a.B/C", Some("a.B/C"), "a.B/C"),
            ("no_slash/method", None, "no_slash/method"),
            ("/service_only/", None, "service_only/"),
            ("//method_only", None, "/method_only"),
            ("/", None, ""),
            ("", None, ""),
            (
                "/caf\u{e9}/\u{e9}",
                Some("caf\u{e9}/\u{e9}"),
                "caf\u{e9}/\u{e9}",
            ),
        ];
        for (path, method, expected_original) in cases {
            assert_eq!(rpc_method(path), method, "{path}");
            assert_eq!(original(path), expected_original, "{path}");
        }
    }
}
