//! One test of each scenario.

/// Makes one test of each scenario, for the [`Driver`](crate::Driver) given.
#[macro_export]
macro_rules! database_contract {
    ($driver:ty) => {
        $crate::database_contract! { $driver;
            queries {
                a_query_is_one_span_and_one_point
                a_query_of_several_rows_is_one_span
                rows_are_counted_where_that_is_asked_for
                no_row_is_no_failure
                literals_go_where_nothing_is_bound
                literals_stay_where_something_is_bound
                all_literals_go_where_that_is_asked_for
                the_text_is_left_out_where_that_is_asked_for
                rows_that_are_inserted_at_once_are_one_query
                a_batch_is_one_query
            }
            failures {
                a_primary_key_is_violated
                a_unique_index_is_violated
                a_syntax_error
                a_missing_table
                the_message_of_an_error_is_told_where_that_is_asked_for
                a_row_that_does_not_fit_is_no_failure_of_the_query
                a_panic_while_rows_are_streamed
                a_panic_over_one_row
                an_exhausted_pool
                a_server_that_is_not_there
            }
            ends {
                a_future_that_is_dropped
                a_wait_that_is_given_up
                what_is_never_polled
                a_stream_to_its_end
                a_stream_that_is_dropped_half_way
            }
            transactions {
                a_transaction_is_committed
                a_transaction_is_rolled_back
                a_transaction_is_dropped
                transactions_are_nested
            }
            surroundings {
                the_parent_across_spawn_blocking
                without_an_sdk
                suppressed
            }
        }
    };
    ($driver:ty; $($module:ident { $($scenario:ident)+ })+) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn no_value_gets_anywhere() {
            $crate::no_value_gets_anywhere::<$driver>().await;
        }

        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                $crate::run::<$driver>(&$crate::scenarios::$module::$scenario).await;
            })+
        })+
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_scenario_is_listed() {
        let (list, _) = include_str!("contract.rs").split_once("cfg(test)").unwrap();
        let scenarios = [
            include_str!("scenarios/ends.rs"),
            include_str!("scenarios/failures.rs"),
            include_str!("scenarios/queries.rs"),
            include_str!("scenarios/surroundings.rs"),
            include_str!("scenarios/transactions.rs"),
        ];
        let lines = scenarios.into_iter().flat_map(str::lines);
        let names = lines.filter_map(|line| line.strip_prefix("pub static ")?.split(':').next());
        let mut count = 0;
        for name in names {
            assert!(list.split_whitespace().any(|word| word == name), "{name}");
            count += 1;
        }
        assert!(count > 24, "{count}");
    }
}
