//! axum fulfils the contract of HTTP servers.

integration_tests::server_contract!(integration_tests::apps::axum::Axum, resets, trailers);
