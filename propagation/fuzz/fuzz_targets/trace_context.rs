#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| otel_propagation_fuzz::trace_context(bytes));
