//! The program, run as its first lines say.

use example_harness::assert_every_span_is_exported_at_the_end;

#[test]
fn every_span_is_exported_when_the_process_is_asked_to_end() {
    assert_every_span_is_exported_at_the_end(env!("CARGO_BIN_EXE_example-actix"));
}
