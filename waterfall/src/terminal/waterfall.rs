//! The waterfall: a line for each span, with a bar at its time in the trace, and its logs below.

use std::iter;
use std::ops::Range;

use super::columns::{Columns, Row};
use crate::bundles::{Bundle, bundles};
use crate::intervals::Intervals;
use crate::trace::Trace;

/// The lines of the waterfall, coloured, none wider than `width`.
pub(crate) fn lines(trace: &Trace, width: usize) -> Vec<String> {
    let bundles = bundles(trace);
    let rows: Vec<_> = bundles.iter().map(row).collect();
    let columns = Columns::fit(trace, &rows, width);
    let window = trace.window();
    rows.iter()
        .zip(&bundles)
        .flat_map(|(row, bundle)| {
            let bar = bar(&bundle.intervals(), &window, columns.bar);
            let logs = bundle.spans().flat_map(|span| trace.logs(span));
            let notes = logs.map(|log| columns.note(row.depth + 1, log));
            iter::once(columns.line(row, &bar)).chain(notes)
        })
        .collect()
}

fn row<'a>(bundle: &Bundle<'a>) -> Row<'a> {
    Row {
        depth: bundle.depth,
        service: &bundle.first.service,
        name: &bundle.first.name,
        count: 1 + bundle.others.len(),
        duration: bundle.intervals().length(),
        is_error: bundle.first.is_error(),
    }
}

/// A cell is filled if at least half of its time is covered. A span too short for that is shown as
/// a thin stroke at its start.
fn bar(covered: &Intervals, window: &Range<u64>, width: usize) -> String {
    let length = window.end.saturating_sub(window.start).max(1);
    let edge =
        |cell: usize| window.start + (u128::from(length) * cell as u128 / width as u128) as u64;
    let mut cells: Vec<char> = (0..width)
        .map(|cell| {
            let time = edge(cell)..edge(cell + 1);
            let filled = covered.within(&time).length().as_nanos() * 2;
            let is_filled = filled >= u128::from(time.end - time.start) && filled > 0;
            if is_filled { '█' } else { ' ' }
        })
        .collect();

    if !cells.contains(&'█') {
        let start = covered
            .iter()
            .next()
            .map_or(window.start, |first| first.start);
        let offset = u128::from(start.saturating_sub(window.start));
        let cell = (offset * width as u128 / u128::from(length)) as usize;
        if let Some(cell) = cells.get_mut(cell.min(width.saturating_sub(1))) {
            *cell = '▏';
        }
    }
    cells.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;
    use crate::span::Status;
    use crate::testing::span;

    fn basket() -> Trace {
        let mut declined = span(5, 2, "payment", "POST /payments", 80..95);
        declined.status = Status::Error;
        let mut spans = vec![
            span(1, 0, "gateway", "POST /checkout", 0..100),
            span(2, 1, "orders", "POST /orders", 2..98),
            span(3, 2, "inventory", "POST /reservations", 10..80),
            declined,
        ];
        spans.extend((0..8).map(|n| {
            span(
                10 + n,
                3,
                "inventory",
                "SELECT stock",
                12 + n * 8..20 + n * 8,
            )
        }));
        Trace::new(spans)
    }

    /// The lines without colours.
    fn plain(trace: &Trace, width: usize) -> Vec<String> {
        lines(trace, width)
            .iter()
            .map(|line| strip_str(line).to_string())
            .collect()
    }

    #[test]
    fn layout_at_40_columns() {
        let layout = [
            "gateway POST /check… █████████  100 ms",
            "orders  POST /orders █████████ 96.0 ms",
            "invent… POST /reser…  ██████   70.0 ms",
            "invent… SELECT s… ×8  ██████   64.0 ms",
            "payment POST /payme…        ██ 15.0 ms ✗",
        ];
        assert_eq!(plain(&basket(), 40), layout);
    }

    #[test]
    fn layout_at_80_columns() {
        let layout = [
            "gateway    POST /checkout        █████████████████████████████████████  100 ms",
            "orders      POST /orders          ███████████████████████████████████  96.0 ms",
            "inventory    POST /reservations      ██████████████████████████        70.0 ms",
            "inventory     SELECT stock ×8        ████████████████████████          64.0 ms",
            "payment      POST /payments                                    █████   15.0 ms ✗",
        ];
        assert_eq!(plain(&basket(), 80), layout);
    }

    #[test]
    fn layout_at_120_columns() {
        let full = "█".repeat(75);
        let orders = "█".repeat(72);
        let inventory = "█".repeat(52);
        let select = "█".repeat(48);
        let payment = "█".repeat(11);
        let layout = [
            format!("gateway    POST /checkout          {full}  100 ms"),
            format!("orders       POST /orders            {orders}  96.0 ms"),
            format!(
                "inventory      POST /reservations          {inventory}                70.0 ms"
            ),
            format!(
                "inventory        SELECT stock ×8            {select}                   64.0 ms"
            ),
            format!(
                "payment        POST /payments{:66}{payment}     15.0 ms ✗",
                ""
            ),
        ];
        assert_eq!(plain(&basket(), 120), layout);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 40..200 {
            for line in plain(&basket(), width) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn bar_is_proportional_and_never_empty() {
        let table: [(&[(u64, u64)], &str); 6] = [
            (&[(0, 100)], "██████████"),
            (&[(20, 40)], "  ██      "),
            (&[(0, 10), (90, 100)], "█        █"),
            (&[(52, 53)], "     ▏    "),
            (&[(95, 300)], "         █"),
            (&[(400, 500)], "         ▏"),
        ];
        for (covered, expected) in table {
            let covered = Intervals::union(covered.iter().map(|(start, end)| *start..*end));
            assert_eq!(bar(&covered, &(0..100), 10), expected);
        }
    }
}
