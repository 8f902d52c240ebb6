//! The generated code of the inventory matches `proto/inventory.proto`. It is checked in, so that
//! the example needs neither a generator nor `protoc`.
//!
//! After a change of the proto: `REGENERATE=1 cargo test -p checkout --test generated`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::{env, fs};

#[test]
fn generated_code_is_current() {
    let descriptors = protox::compile(["inventory.proto"], ["proto"]).unwrap();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(out)
        .compile_fds(descriptors)
        .unwrap();
    let generated = fs::read_to_string(out.join("shop.inventory.v1.rs")).unwrap();

    if env::var_os("REGENERATE").is_some() {
        fs::write(CHECKED_IN, &generated).unwrap();
    }
    let is_current = fs::read_to_string(CHECKED_IN).is_ok_and(|checked_in| checked_in == generated);
    assert!(
        is_current,
        "{CHECKED_IN} is not what the proto says; see the head of {}",
        file!()
    );
}

const CHECKED_IN: &str = "src/services/inventory_api.rs";
