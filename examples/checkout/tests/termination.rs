//! Each service alone is told to end by a signal while requests are open.
#![allow(missing_docs)]

use example_harness::{OpenRequest, Program};
use otel_waterfall::Kind;

#[test]
fn every_span_of_every_service_is_exported() {
    // No service is called, because no request gets that far.
    let nobody = "127.0.0.1:9";
    let others = ["inventory", "payment", "notification"];
    let others = others.map(|other| format!("--{other}={nobody}"));
    let [inventory, payment, notification] = others.each_ref().map(String::as_str);
    let services: [(&str, &[&str]); 4] = [
        ("/checkout", &["gateway", "--orders=127.0.0.1:9"]),
        ("/orders", &["orders", inventory, payment, notification]),
        ("/payments", &["payment"]),
        ("/notifications", &["notification"]),
    ];
    // In parallel, because each waits for its requests.
    let services = services.map(|(path, arguments)| {
        let arguments = [&["service", "--port=0"], arguments].concat();
        let mut program = Program::start_with(env!("CARGO_BIN_EXE_checkout"), &arguments, &[]);
        let address = program.address();
        let requests = [(); 4].map(|()| OpenRequest::post(address, path));
        program.terminate();
        program.wait_until_refused(address);
        let [mut one, mut two, three, four] = requests;
        one.send_body();
        two.send_body();
        let answers = [one.rest(), two.rest()];
        (path, program, answers, [three, four])
    });
    for (path, program, answers, open) in services {
        for answer in answers {
            assert!(answer.contains("HTTP/1.1 4"), "{path}: {answer}");
        }
        let ended = program.end();
        let requests = ended.spans(Kind::Server, &format!("POST {path}"));
        let answered = requests.iter().filter(|span| span.http_status().is_some());
        let cut_off = requests
            .iter()
            .filter(|span| span.error_type() == Some("cancelled"));
        assert_eq!((answered.count(), cut_off.count()), (2, 2), "{path}");
        drop(open);
    }
}
