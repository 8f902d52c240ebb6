//! tonic's services in an axum router fulfil the contract of RPCs.

integration_tests::rpc_contract!(integration_tests::apps::tonic::Axum);
