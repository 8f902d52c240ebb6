#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| otel_instrumentation_fuzz::sql(bytes));
