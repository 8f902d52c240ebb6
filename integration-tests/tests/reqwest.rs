//! reqwest with reqwest-middleware fulfils the contract of HTTP clients.

integration_tests::client_contract!(integration_tests::apps::reqwest::Middleware);
