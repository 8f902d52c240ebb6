//! The layer for any client of `http` requests fulfils the contract of HTTP clients, except for
//! what only a client knows: its peer and its errors.

use integration_tests::apps::http_client::HttpClient;

integration_tests::client_contract! { HttpClient;
    requests {
        concurrent_requests_do_not_mix
        the_caller_may_cancel
    }
    propagation {
        what_follows_a_request_is_its_sibling
        an_unsampled_parent_is_passed_on
        baggage_set_by_hand_gives_way
        suppressed_telemetry_passes_straight_through
        without_an_sdk_the_context_passes_through
    }
    configuration {
        a_filtered_request_only_passes_its_context_on
    }
}
