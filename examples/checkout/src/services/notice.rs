//! Messages of a running service to its parent, one per line on standard output.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::str::FromStr;

use axum::http::StatusCode;
use opentelemetry::trace::TraceId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The service accepts connections at this address.
    Listening(SocketAddr),
    /// A request was answered.
    Answered(Answer),
    /// No request is running any more, and none will be accepted. Telemetry may still be exported.
    Stopped,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `None` if the trace is not exported: telemetry is disabled, or the trace was not sampled.
    pub(crate) trace_id: Option<TraceId>,
}

impl Notice {
    pub(super) fn tell(&self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{self}")?;
        stdout.flush()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(address) => write!(formatter, "listening {address}"),
            Self::Answered(Answer { status, trace_id }) => {
                write!(formatter, "answered {}", status.as_u16())?;
                trace_id.map_or(Ok(()), |trace_id| write!(formatter, " {trace_id}"))
            }
            Self::Stopped => formatter.write_str("stopped"),
        }
    }
}

impl FromStr for Notice {
    /// The line is no notice, for example one from a console exporter.
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let mut words = line.split(' ');
        let mut next = || words.next();
        let notice = match (next(), next(), next()) {
            (Some("listening"), Some(address), None) => {
                Self::Listening(address.parse().map_err(drop)?)
            }
            (Some("answered"), Some(status), trace_id) => Self::Answered(Answer {
                status: status.parse().map_err(drop)?,
                trace_id: trace_id.map(TraceId::from_hex).transpose().map_err(drop)?,
            }),
            (Some("stopped"), None, None) => Self::Stopped,
            _ => return Err(()),
        };
        Ok(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_read_as_it_was_told() {
        let answered = |trace_id| {
            Notice::Answered(Answer {
                status: StatusCode::CREATED,
                trace_id,
            })
        };
        for notice in [
            Notice::Listening("127.0.0.1:8080".parse().unwrap()),
            answered(Some(TraceId::from(7_u128))),
            answered(None),
            Notice::Stopped,
        ] {
            assert_eq!(notice.to_string().parse(), Ok(notice));
        }
        for line in ["", "Spans", "stopped now", "answered never", "listening"] {
            assert_eq!(line.parse::<Notice>(), Err(()), "{line}");
        }
    }
}
