//! What is printed for one trace: title, waterfall, self times, verdict.

use std::io::{self, Write};

use anstyle::Style;

use crate::analysis::{Analysis, Group};
use crate::columns::{Columns, Row, duration_text};
use crate::trace::Trace;
use crate::{verdict, waterfall};

/// `subject` is how the verdict speaks of the request, e.g. "the large basket".
pub(crate) fn print(
    subject: &str,
    trace: &Trace,
    width: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let (Some(id), Some(first)) = (trace.id(), trace.spans().first()) else {
        return Ok(());
    };
    let analysis = Analysis::new(trace);
    let status = first.attributes.get("http.response.status_code");
    let status = status.map(|code| format!(" → {code}")).unwrap_or_default();

    writeln!(out, "\n{BOLD}{}{BOLD:#}", capitalized(subject))?;
    writeln!(
        out,
        "{}{status} in {}",
        first.name,
        duration_text(analysis.total)
    )?;
    writeln!(out, "{DIM}trace {id}{DIM:#}\n")?;
    for line in waterfall::lines(trace, width) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "\n{BOLD}Where the time went{BOLD:#} (self time)")?;
    for line in self_times(&analysis, width) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    for line in textwrap::wrap(
        &verdict::sentence(subject, trace, &analysis).unwrap_or_default(),
        width,
    ) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    out.flush()
}

fn self_times(analysis: &Analysis<'_>, width: usize) -> Vec<String> {
    let rows: Vec<_> = analysis.groups.iter().take(LARGEST).map(row).collect();
    let columns = Columns::fit(&rows, width);
    rows.iter()
        .zip(&analysis.groups)
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

/// Of a trace's groups most take next to nothing.
const LARGEST: usize = 5;
/// "100 % "
const PERCENT: usize = 6;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
