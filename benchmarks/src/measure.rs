//! The cost of one request: instructions, allocations and time, each measured in separate
//! processes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::column::Column;
use crate::setup::Setup;
use crate::valgrind::{CALLGRIND, program, under_valgrind};

/// The cost of one request, including the framework's own cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub instructions: i64,
    pub allocations: i64,
    pub bytes: i64,
    pub nanoseconds: i64,
}

/// Fails unless the column records everything that it must.
pub fn verify(column: Column, setup: Setup) -> Result<()> {
    let output = request(column, setup).arg("verify").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{column} in set-up {setup}: {said}"
    );
    Ok(())
}

/// The difference of two lengths, so that start and end of the process do not count.
pub fn instructions(column: Column, setup: Setup) -> Result<i64> {
    instructions_after(100, column, setup, None)
}

/// The same for requests after the first ones, with one more environment variable.
pub fn instructions_after(
    first: u32,
    column: Column,
    setup: Setup,
    variable: Option<(&str, usize)>,
) -> Result<i64> {
    let short = collected(column, setup, variable, first)?;
    let long = collected(column, setup, variable, first + 500)?;
    Ok((long - short) / 500)
}

fn collected(
    column: Column,
    setup: Setup,
    variable: Option<(&str, usize)>,
    requests: u32,
) -> Result<i64> {
    let mut request = request(column, setup);
    request.args(["loop", &requests.to_string()]);
    request.envs(variable.map(|(name, value)| (name, value.to_string())));
    under_valgrind(&CALLGRIND, &request, "Collected : ")
        .with_context(|| format!("{column} in set-up {setup}"))
}

/// Allocations and their bytes.
pub fn allocations(column: Column, setup: Setup) -> Result<(i64, i64)> {
    let output = Command::new(program("allocations")?)
        .args([column.to_string(), setup.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let (count, bytes) = said.trim().split_once(' ').context("two numbers")?;
    Ok((count.parse()?, bytes.parse()?))
}

/// The medians of rounds in which all columns take turns, because the speed of the machine varies.
pub fn nanoseconds(columns: &[Column], setup: Setup) -> Result<Vec<i64>> {
    let commands = columns.iter().map(|column| {
        let mut command = request(*column, setup);
        command.args(["rounds", "2000"]);
        command
    });
    medians(commands, ROUNDS)
}

/// The medians of the numbers that programs print, one for each line that they read.
pub(crate) fn medians(
    programs: impl IntoIterator<Item = Command>,
    rounds: usize,
) -> Result<Vec<i64>> {
    let runners = programs.into_iter().map(Runner::start);
    let mut runners = runners.collect::<Result<Vec<_>>>()?;
    for _ in 0..rounds {
        for runner in &mut runners {
            runner.round()?;
        }
    }
    Ok(runners.into_iter().map(Runner::median).collect())
}

struct Runner {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    rounds: Vec<i64>,
}

impl Runner {
    fn start(mut program: Command) -> Result<Self> {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self {
            input: child.stdin.take().context("piped")?,
            output: BufReader::new(child.stdout.take().context("piped")?),
            child,
            rounds: Vec::new(),
        })
    }

    fn round(&mut self) -> Result<()> {
        writeln!(self.input)?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        self.rounds.push(line.trim().parse()?);
        Ok(())
    }

    fn median(self) -> i64 {
        let Self {
            mut child,
            input,
            mut rounds,
            ..
        } = self;
        drop(input);
        let _ = child.wait();
        rounds.sort_unstable();
        rounds.get(rounds.len() / 2).copied().unwrap_or_default()
    }
}

fn request(column: Column, setup: Setup) -> Command {
    let mut command = this_program();
    command.args(["request".to_owned(), column.to_string(), setup.to_string()]);
    command
}

/// This program again, as a new process.
pub(crate) fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap_or_else(|_| "benchmarks".into()))
}

const ROUNDS: usize = 101;
