//! The report about one trace: title, waterfall, self times, verdict.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;

use super::columns::{Columns, Row};
use super::waterfall;
use crate::analysis::{Analysis, Group};
use crate::text::{duration_text, printable};
use crate::trace::Trace;
use crate::verdict;

/// Prints a trace as a waterfall with its logs, its self times and the verdict.
///
/// `subject` is the verdict's name for the request, e.g. "the large basket". No line is wider than
/// `width`. The output has colours; write it through `anstream` to remove them if they are not
/// wanted.
///
/// # Errors
/// If `out` cannot be written to.
pub fn print_report(
    subject: &str,
    trace: &Trace,
    width: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let (Some(id), Some(first)) = (trace.id(), trace.head()) else {
        return Ok(());
    };
    let analysis = Analysis::new(trace);
    let status = first
        .http_status()
        .map(|code| format!(" → {code}"))
        .unwrap_or_default();

    writeln!(out, "\n{BOLD}{}{BOLD:#}", capitalized(subject))?;
    writeln!(
        out,
        "{}{status} in {}",
        printable(&first.name),
        duration_text(analysis.total)
    )?;
    writeln!(out, "{DIM}trace {id}{DIM:#}\n")?;
    for line in waterfall::lines(trace, width) {
        writeln!(out, "{line}")?;
    }
    for line in clocks(trace) {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    writeln!(out, "\n{BOLD}Where the time went{BOLD:#} (self time)")?;
    for line in self_times(trace, &analysis, width) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let verdict = verdict::sentence(subject, trace, &analysis).unwrap_or_default();
    for line in textwrap::wrap(&printable(&verdict), width) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    out.flush()
}

/// The services whose spans were moved from the times of their clocks.
fn clocks(trace: &Trace) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let spans = trace.spans().iter();
    spans
        .filter(|span| span.clock_ahead_nano != 0 && seen.insert(&span.service))
        .map(|span| {
            let difference = Duration::from_nanos(span.clock_ahead_nano.unsigned_abs());
            let direction = match span.clock_ahead_nano > 0 {
                true => "early",
                false => "late",
            };
            format!(
                "the clock of {} is {} {direction}, its spans stand where they must have been",
                printable(&span.service),
                duration_text(difference),
            )
        })
        .collect()
}

fn self_times(trace: &Trace, analysis: &Analysis<'_>, width: usize) -> Vec<String> {
    let largest = analysis.groups.iter().take(LARGEST);
    let shown: Vec<_> = largest
        .filter(|group| group.share >= WORTH_A_LINE)
        .collect();
    let rows: Vec<_> = shown.iter().map(|group| row(group)).collect();
    let columns = Columns::fit(trace, &rows, width);
    rows.iter()
        .zip(shown)
        .map(|(row, group)| columns.line(row, &share_bar(group.share, columns.bar)))
        .collect()
}

fn row<'a>(group: &Group<'a>) -> Row<'a> {
    Row {
        depth: 0,
        service: group.service,
        name: group.name,
        count: group.spans.len(),
        duration: group.self_time,
        is_error: false,
    }
}

fn share_bar(share: f64, width: usize) -> String {
    let cells = width.saturating_sub(PERCENT);
    let filled = (share * cells as f64).round() as usize;
    format!("{:3.0} % {}", share * 100.0, "█".repeat(filled.min(cells)))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Most groups of a trace take next to no time.
const LARGEST: usize = 5;
/// Less would be rounded to 0 %.
const WORTH_A_LINE: f64 = 0.005;
/// "100 % "
const PERCENT: usize = 6;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, span};

    fn report() -> String {
        let trace = Trace::new(vec![
            span(1, 0, "gateway", "POST /checkout", 0..100),
            span(2, 1, "orders", "POST /orders", 5..95),
            span(3, 2, "inventory", "SELECT stock", 10..90),
        ]);
        let mut out = Vec::new();
        print_report("the basket", &trace, 80, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn service_keeps_its_colour_through_the_report() {
        let report = report();
        for service in ["gateway", "orders", "inventory"] {
            let lines = report
                .lines()
                .filter(|line| !line.contains("In the basket"));
            let colors: Vec<_> = lines
                .filter_map(|line| Some(line.split_once(service)?.0))
                .collect();
            assert_eq!(colors.len(), 2, "{report}");
            assert_eq!(BTreeSet::from_iter(colors).len(), 1, "{report}");
        }
    }

    #[test]
    fn report_ends_with_the_verdict() {
        let plain = anstream::adapter::strip_str(&report()).to_string();
        let lines: Vec<_> = plain.lines().collect();
        assert_eq!(lines[..3], ["", "The basket", "POST /checkout in 100 ms"]);
        assert_eq!(
            lines[lines.len() - 5..],
            [
                "inventory  SELECT stock     80 % ██████████████████████████████        80.0 ms",
                "gateway    POST /checkout   10 % ████                                  10.0 ms",
                "orders     POST /orders     10 % ████                                  10.0 ms",
                "",
                "In the basket, 80 % of 100 ms went to `SELECT stock` in inventory.",
            ]
        );
    }

    #[test]
    fn clocks_that_disagree_are_named() {
        let trace = Trace::new(vec![
            call(1, 0, "gateway", "POST", 1_000..1_100),
            span(2, 1, "orders", "POST /orders", 3_030..3_070),
        ]);
        let mut out = Vec::new();
        print_report("it", &trace, 80, &mut out).unwrap();
        let report = String::from_utf8(out).unwrap();
        let sentence = "the clock of orders is 2.00 s early, its spans stand where they must";
        assert!(report.contains(sentence), "{report}");
    }

    #[test]
    fn nothing_of_a_span_reaches_the_terminal_as_a_command() {
        let harmful = "\u{1b}]0;title\u{7}\r\n";
        let root = span(1, 0, harmful, harmful, 0..100).failed(harmful);
        let trace = Trace::new(vec![root, span(2, 1, harmful, harmful, 0..90)]);
        let mut out = Vec::new();
        print_report("it", &trace, 80, &mut out).unwrap();
        let report = String::from_utf8(out).unwrap();
        let colors = report.split('\u{1b}').skip(1);
        assert!(
            colors.clone().all(|rest| rest.starts_with('[')),
            "{report:?}"
        );
        assert!(!report.contains(['\u{7}', '\r']), "{report:?}");
    }
}
