//! The measured process: one subscriber and one piece of work.

use std::sync::atomic::Ordering;

use anyhow::{Result, ensure};
use clap::Parser;

use super::column::Bridge;
use super::subscribers::{EMITTED, ENDED, install};
use super::work::Work;

/// One subscriber, the work, and its number of repetitions.
#[derive(Clone, Copy, Debug, Parser)]
pub struct Arguments {
    pub bridge: Bridge,
    pub work: Work,
    pub times: u32,
}

/// Does the work, and fails if it was not seen at the other end.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        bridge,
        work,
        times,
    } = arguments;
    let _kept = install(bridge)?;
    let (ended, emitted) = (
        ENDED.load(Ordering::Relaxed),
        EMITTED.load(Ordering::Relaxed),
    );
    work.repeat(times);
    let ended = ENDED.load(Ordering::Relaxed) - ended;
    let emitted = EMITTED.load(Ordering::Relaxed) - emitted;
    let times = usize::try_from(times)?;
    let expected = match work {
        Work::OneField | Work::OneText | Work::ThreeFields | Work::TenPolls => (times, 0),
        // One span around all of them.
        Work::Event => (1, times),
        Work::BareEvent => (0, times),
        Work::Current => (0, 0),
    };
    let has_records = bridge.exports() && bridge != Bridge::Layer;
    let expected = (
        if bridge.exports() { expected.0 } else { 0 },
        if has_records { expected.1 } else { 0 },
    );
    ensure!(
        (ended, emitted) == expected,
        "{arguments:?}: {ended}, {emitted}"
    );
    Ok(())
}
