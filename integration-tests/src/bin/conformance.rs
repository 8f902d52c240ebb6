//! Prints `docs/conformance.md`.

fn main() {
    print!("{}", integration_tests::conformance::page());
}
