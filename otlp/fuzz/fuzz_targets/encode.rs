#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| otel_otlp_exporter::check_encoding(bytes));
