//! The project's own copy of the list of scenarios: what the instrumentation suites of other
//! languages prove about theirs. An id names a scenario for good; its number says nothing.

/// Ids with what is sent or done, family by family.
#[rustfmt::skip]
pub(super) const SCENARIOS: &[(&str, &str)] = &[
    ("HS-01", "requests one after the other, without a context"),
    ("HS-02", "a remote parent"),
    ("HS-03", "`traceparent` in any case"),
    ("HS-04", "a query, and none"),
    ("HS-05", "a redirect"),
    ("HS-06", "a handler answers 500"),
    ("HS-07", "a handler fails or panics"),
    ("HS-08", "no route"),
    ("HS-09", "a path parameter"),
    ("HS-10", "captured headers"),
    ("HS-11", "the fields of a form"),
    ("HS-12", "the duration's name, unit and description"),
    ("HS-13", "100 requests at once, each in a trace of its own"),
    ("HS-16", "a method that HTTP does not know"),
    ("HS-17", "baggage"),
    ("HS-18", "baggage in two headers"),
    ("HS-19", "nested routers and scopes"),
    ("HS-20", "a body that outlives its handler, or breaks"),
    ("HS-21", "the client goes while the handler runs"),
    ("HS-22", "a filtered request"),
    ("HS-23", "a public endpoint"),
    ("HS-25", "a span name of the user's"),
    ("HS-26", "200, 400, and a status that nobody set"),
    ("HS-28", "an upgrade, a websocket, server-sent events"),
    ("HS-29", "sizes of empty, absent, known and chunked bodies"),
    ("HS-30", "further labels of the metrics"),
    ("HS-31", "a start time that the server hands over"),
    ("HS-32", "HTTP/2 with prior knowledge"),
    ("HS-33", "no SDK"),
    ("HS-34", "a path that was rewritten on its way"),
    ("HS-35", "a local span that is active, with and without a remote one"),
    ("HS-36", "a timeout below the errors of others"),
    ("HS-37", "a middleware that fails in front of the routes"),
    ("HS-38", "made-up methods, schemes, hosts and paths"),
    ("HS-39", "a subscriber that is set to warn, to error or off"),

    ("HSU-01", "`Forwarded` without a usable host"),
    ("HSU-02", "`Forwarded` with a host"),
    ("HSU-03", "`Forwarded` with a host and nonsense for a port"),
    ("HSU-04", "`Forwarded` with host and port"),
    ("HSU-05", "several `Forwarded` headers with hosts"),
    ("HSU-06", "`X-Forwarded-Host`, `:authority` and `Host`"),
    ("HSU-07", "IPv6 hosts"),
    ("HSU-08", "which of these headers wins"),
    ("HSU-10", "`Forwarded` for IPv6 clients"),
    ("HSU-11", "`Forwarded` for IPv4 clients"),
    ("HSU-12", "several `Forwarded` headers with clients"),
    ("HSU-13", "`X-Forwarded-For` without a usable address"),
    ("HSU-15", "`X-Forwarded-For` with addresses"),
    ("HSU-16", "the scheme of `Forwarded` and `X-Forwarded-Proto`"),
    ("HSU-17", "host and port are split"),
    ("HSU-18", "known methods"),
    ("HSU-19", "redaction of `url.query`"),
    ("HSU-20", "which statuses are errors"),
    ("HSU-21", "an error besides any status"),
    ("HSU-22", "`error.type`"),
    ("HSU-23", "names and patterns of headers"),
    ("HSU-24", "span names"),
    ("HSU-25", "which of several routes wins"),
    ("HSU-26", "a route that is only known at the end"),
    ("HSU-27", "a peer that is the client"),

    ("HC-01", "a request without a parent"),
    ("HC-02", "a method that HTTP does not know"),
    ("HC-03", "PUT and POST under a parent"),
    ("HC-04", "a parent that is not sampled"),
    ("HC-05", "a parent of any kind"),
    ("HC-06", "what follows a request, with a parent"),
    ("HC-07", "what follows a request, without a parent"),
    ("HC-08", "redirects"),
    ("HC-09", "a redirect to itself"),
    ("HC-10", "a redirect keeps the request's headers"),
    ("HC-11", "400 and 500"),
    ("HC-14", "captured headers"),
    ("HC-15", "a refused connection"),
    ("HC-16", "a connection that is not made in time"),
    ("HC-17", "an answer that does not come in time"),
    ("HC-18", "HTTPS"),
    ("HC-19", "the duration's name, unit and description"),
    ("HC-20", "50 requests at once, also on one connection"),
    ("HC-21", "a long body: the end with the head, and with the body"),
    ("HC-23", "a body that is read, dropped or breaks"),
    ("HC-24", "an upgrade"),
    ("HC-25", "a response without a body"),
    ("HC-27", "`error.type` of the transport's errors"),
    ("HC-28", "the duration of a request that failed"),
    ("HC-29", "a request's body is sent again after 307"),
    ("HC-30", "filter, span name and attributes of the user's"),
    ("HC-31", "a retry"),
    ("HC-32", "the caller cancels"),
    ("HC-33", "secrets in the URL"),

    ("HCU-01", "redaction of user information"),
    ("HCU-02", "what looks like user information"),
    ("HCU-03", "redaction of the query"),
    ("HCU-05", "fragments"),
    ("HCU-07", "a list of the user's of sensitive keys"),
    ("HCU-08", "an empty list of sensitive keys"),
    ("HCU-09", "which statuses are errors"),
    ("HCU-10", "no status, with and without an error"),
    ("HCU-11", "the number of resends"),
    ("HCU-12", "the names of errors"),
    ("HCU-13", "default ports"),
    ("HCU-14", "labels and buckets of the metrics"),

    ("GR-01", "a unary call"),
    ("GR-02", "what follows a call"),
    ("GR-03", "a streaming call"),
    ("GR-04", "every error that a service returns"),
    ("GR-05", "a service that panics"),
    ("GR-06", "all codes, and unknown ones"),
    ("GR-07", "the context of handlers and streams, and baggage"),
    ("GR-09", "reflection"),
    ("GR-10", "two layers"),
    ("GR-11", "what goes on after the call is over"),
    ("GR-12", "cancellation"),
    ("GR-13", "captured metadata"),
    ("GR-14", "labels of the metrics"),
    ("GR-15", "a conversation of one to three messages each way"),
    ("GR-17", "every shape of call, recorded and filtered"),
    ("GR-19", "filters, health checks"),
    ("GR-20", "a public endpoint"),
    ("GR-21", "paths that name no method"),
    ("GR-22", "the forms of targets"),
    ("GR-23", "the target is the server, not the socket's peer"),
    ("GR-24", "further labels of either side"),
    ("GR-25", "metadata as a carrier"),
    ("GR-26", "unknown services and methods"),
    ("GR-27", "a deadline"),
    ("GR-28", "the code in the head, in the trailers, nowhere"),
    ("GR-29", "a parent that is not sampled; no SDK"),
    ("GR-30", "a client that goes in the middle of its messages"),
    ("GR-31", "a server that is faster to see that a deadline is over"),
];

/// Scenarios that a framework cannot have, and why; no framework stands for all of its family.
#[rustfmt::skip]
pub(super) const NOT_APPLICABLE: &[(&str, Option<&str>, &str)] = &[
    ("HS-31", None, "no framework here says when a request arrived; the span starts where the \
        middleware is called"),
    ("HC-31", Some("reqwest, tower"), "reqwest hides the extensions of its requests: nothing tells \
        a retry from a new request, and each attempt is a span without `http.request.resend_count`"),
    ("HCU-11", Some("reqwest, tower"), "the same"),
];

/// What a framework cannot do: it, the scenarios that are not run there, and why.
pub(super) const CAPABILITIES: &[(&str, &str, &str)] = &[
    (
        "actix-web",
        "contract::server::trailers",
        "a response has no trailers",
    ),
    (
        "actix-web",
        "contract::server::resets",
        "a handler goes on to its end when its HTTP/2 stream is reset",
    ),
];

/// What a framework cannot do, or does in its own way, beyond single scenarios.
#[rustfmt::skip]
pub(super) const DIFFERENCES: &[(&str, &str)] = &[
    ("all", "Errors are told by `error.type` and by the span's status; there are no exception \
        events, whose convention is not stable. The SDK makes no exemplars that could be compared \
        (HCU-14). Tests contact the loopback interface only: no name is resolved, a connection that \
        is never made is one whose name is never resolved (HC-16), and of HTTPS the URL is looked \
        at, not the handshake (HC-18)."),
    ("axum", "A route that lacks the method is still the route, answered 405. axum tells no route \
        of a `nest_service`, unless a layer inside refines it."),
    ("actix-web", "A route that lacks the method is no route, answered 404; a resource that lacks \
        it is one. Responses have no trailers. When an HTTP/2 stream is reset, the handler goes on \
        to its end."),
    ("reqwest-middleware", "Redirects are followed below the middleware: one span for all hops, \
        with the first URL and the last status."),
    ("reqwest, tower", "Redirects are the same. As reqwest hides the extensions of its requests, \
        a URL template cannot be given, and a second layer makes a second span."),
    ("tonic", "A panic breaks the stream off; the client sees what tonic makes of that. A deadline \
        is CANCELLED on both sides, and the client's `error.type` says DEADLINE_EXCEEDED."),
    ("tonic in axum", "axum does not tell the peer's address."),
];
