//! Draws what a program has printed, colours and all, as an SVG.
//!
//! ```console
//! $ CLICOLOR_FORCE=1 otel-waterfall --open run.jsonl |
//!     cargo run -p otel-waterfall --example terminal_svg > terminal.svg
//! ```

use std::io::{self, Read, Write};

use anstyle_svg::{Term, WIN10_CONSOLE};

fn main() -> io::Result<()> {
    let mut printed = String::new();
    io::stdin().read_to_string(&mut printed)?;
    let picture = Term::new().palette(WIN10_CONSOLE);
    let picture = picture.render_svg(printed.trim_matches('\n'));
    io::stdout().write_all(picture.as_bytes())
}
