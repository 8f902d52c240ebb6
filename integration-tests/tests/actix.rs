//! actix-web fulfils the contract of HTTP servers.

integration_tests::server_contract!(integration_tests::apps::actix::Actix);
