//! diesel on SQLite fulfils the contract of databases.

integration_tests_databases::database_contract!(integration_tests_databases::diesel::Diesel);
