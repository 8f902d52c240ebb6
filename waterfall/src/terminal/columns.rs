//! The columns that the waterfall and the table of self times share.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::log::{Log, Severity};
use crate::text::{duration_text, printable, shorten};
use crate::trace::Trace;

/// A line before it is fitted into the columns.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) depth: usize,
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    /// The number of spans in the line.
    pub(crate) count: usize,
    pub(crate) duration: Duration,
    pub(crate) is_error: bool,
}

/// Service, name, bar, duration and error mark. Their widths fill the terminal.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    service: usize,
    name: usize,
    pub(crate) bar: usize,
    indent: usize,
    gap: &'static str,
    /// In the order in which the trace reached them: a service keeps its colour in the whole
    /// report.
    services: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    pub(crate) fn fit(trace: &'a Trace, rows: &[Row<'_>], width: usize) -> Self {
        let (indent, gap) = match width {
            0..60 => (0, " "),
            60..100 => (1, "  "),
            _ => (2, "  "),
        };
        let services = trace.services();

        let free = width.saturating_sub(2 * gap.len() + 1 + DURATION + 2);
        let service = services.iter().map(|name| name.chars().count()).max();
        let service = service.unwrap_or(0).min(free / 4);
        let labels = rows.iter().map(|row| label(row, indent, usize::MAX));
        let name = labels.map(|label| label.chars().count()).max();
        let name = name.unwrap_or(0).min((free - service) * 3 / 5);
        Self {
            service,
            name,
            bar: free - service - name,
            indent,
            gap,
            services,
        }
    }

    pub(crate) fn line(&self, row: &Row<'_>, bar: &str) -> String {
        let color = self.color(row.service);
        let service = shorten(&printable(row.service), self.service);
        let name = label(row, self.indent, self.name);
        let duration = duration_text(row.duration);
        let mark = match row.is_error {
            true => format!(" {ERROR}✗{ERROR:#}"),
            false => String::new(),
        };
        let Self {
            gap,
            service: service_width,
            name: name_width,
            bar: bar_width,
            ..
        } = self;
        format!(
            "{color}{service:service_width$}{color:#}{gap}{name:name_width$}{gap}\
             {color}{bar:bar_width$}{color:#} {duration:>DURATION$}{mark}"
        )
    }

    /// A log record, indented like a span of that depth, across all columns.
    pub(crate) fn note(&self, depth: usize, log: &Log) -> String {
        let (style, mark) = match log.severity {
            Severity::Info => (INFO, '·'),
            Severity::Warning => (WARNING, '!'),
            Severity::Error => (ERROR, '!'),
        };
        let Self {
            gap, service, name, ..
        } = self;
        let indent = self.indent * depth;
        let width = (name + gap.len() + self.bar + 1 + DURATION).saturating_sub(indent + 2);
        let text = shorten(&printable(&log.text), width);
        format!(
            "{:service$}{gap}{:indent$}{style}{mark} {text}{style:#}",
            "", ""
        )
    }

    fn color(&self, service: &str) -> Style {
        let position = self.services.iter().position(|known| *known == service);
        position
            .and_then(|position| PALETTE.get(position % PALETTE.len()))
            .map_or_else(Style::new, |color| color.on_default())
    }
}

/// The indented name. If it does not fit, it is cut, but the count stays.
fn label(row: &Row<'_>, indent: usize, width: usize) -> String {
    let count = match row.count {
        0 | 1 => String::new(),
        count => format!(" ×{count}"),
    };
    let indent = " ".repeat(indent * row.depth);
    let taken = indent.chars().count() + count.chars().count();
    format!(
        "{indent}{}{count}",
        shorten(&printable(row.name), width.saturating_sub(taken))
    )
}

const DURATION: usize = 7;
const INFO: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const PALETTE: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Yellow,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_cut_before_its_count() {
        let row = Row {
            depth: 2,
            service: "inventory",
            name: "SELECT stock",
            count: 40,
            duration: Duration::ZERO,
            is_error: false,
        };
        assert_eq!(label(&row, 1, 40), "  SELECT stock ×40");
        assert_eq!(label(&row, 0, 13), "SELECT s… ×40");
    }

    #[test]
    fn note_is_indented_below_its_span_and_cut_to_the_width() {
        let trace = Trace::new(vec![]);
        let columns = Columns::fit(&trace, &[], 60);
        let log = |text: &str, severity| Log {
            trace_id: 1_u128.into(),
            span_id: 1.into(),
            unix_nano: 0,
            severity,
            text: text.to_owned(),
        };
        let plain = |note: String| anstream::adapter::strip_str(&note).to_string();
        let note = columns.note(2, &log("order placed", Severity::Info));
        assert_eq!(plain(note), "    · order placed");
        let note = plain(columns.note(2, &log(&"long ".repeat(20), Severity::Warning)));
        assert!(note.starts_with("    ! long long"), "{note}");
        assert!(note.ends_with('…') && note.chars().count() <= 60, "{note}");
    }
}
