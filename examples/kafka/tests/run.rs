//! The program, run as its first lines say.

use example_harness::Program;
use otel_waterfall::Kind;

#[test]
fn every_order_has_its_spans_also_that_which_is_worked_on_at_the_end() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_example-kafka"), &[]);
    program.hear("packing takes 3600 s");
    program.terminate();
    let ended = program.end();
    let sent = ended.spans(Kind::Producer, "send orders");
    let packed = ended.spans(Kind::Consumer, "process orders");
    assert_eq!((sent.len(), packed.len(), ended.spans.len()), (4, 4, 8));
    for (sent, packed) in sent.iter().zip(&packed) {
        assert_eq!(packed.parent_span_id, Some(sent.span_id));
        assert_eq!(packed.trace_id, sent.trace_id);
    }
    let errors: Vec<_> = packed.iter().map(|span| span.error_type()).collect();
    assert_eq!(errors, [None, None, None, Some("cancelled")]);
}
