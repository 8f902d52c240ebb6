//! tonic's own server and client fulfil the contract of RPCs.

integration_tests::rpc_contract!(integration_tests::apps::tonic::Tonic);
