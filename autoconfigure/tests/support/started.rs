//! A child process with standard input and output while it runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

use super::{Finished, child};

/// Killed on drop, if it still runs.
pub(crate) struct Started {
    process: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
    /// Read at once, because a process blocks on a full pipe.
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Started {
    /// Starts [`child`] with pipes for its input and output.
    pub(crate) fn new(role: &str, variables: &[(&str, &str)]) -> Self {
        let mut process = child(role, variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = process.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut lines = Vec::new();
            stderr.read_to_end(&mut lines).unwrap();
            lines
        });
        Self {
            stdout: BufReader::new(process.stdout.take().unwrap()),
            process,
            said: String::new(),
            stderr: Some(stderr),
        }
    }

    /// Waits for the next line with these words, and returns what follows them.
    pub(crate) fn hear(&mut self, words: &str) -> String {
        loop {
            let before = self.said.len();
            let read = self.stdout.read_line(&mut self.said).unwrap();
            assert_ne!(read, 0, "never said {words}: {}", self.said);
            if let Some((_, rest)) = self.said[before..].split_once(words) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Writes a line to its standard input, which is open until [`end`](Self::end).
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Sends the signal of this name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Closes its standard input, and waits for its successful end.
    pub(crate) fn end(mut self) -> Finished {
        drop(self.process.stdin.take());
        self.stdout.read_to_string(&mut self.said).unwrap();
        let status = self.process.wait().unwrap();
        let lines = self.stderr.take().unwrap().join().unwrap();
        let stdout = std::mem::take(&mut self.said);
        let finished = Finished::new(status, stdout, lines);
        assert!(finished.is_success, "{finished:#?}");
        finished
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
