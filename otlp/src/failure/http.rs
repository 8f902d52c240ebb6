//! OTLP over HTTP: which answers are retried.
//!
//! See <https://opentelemetry.io/docs/specs/otlp/#failures-1>.

use std::time::Duration;
use std::time::SystemTime;

use http::HeaderMap;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::header::RETRY_AFTER;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
use prost::Message;

use super::Failure;
use super::FailureKind;
use super::shortened;
use crate::response_status::ResponseStatus;

/// What a receiver answered over HTTP.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// The failure that an answer other than 2xx stands for.
pub(crate) fn of_answer(answer: &Answer<'_>) -> Failure {
    let text = answer.text();
    let status = ResponseStatus::Http(answer.status.as_u16());
    let failure = |kind| Failure::new(kind, text.clone()).answered(status);
    match answer.status.as_u16() {
        429 => failure(FailureKind::Throttled).after(answer.retry_after()),
        503 => failure(FailureKind::Unavailable).after(answer.retry_after()),
        // A gateway that lost its receiver does not know whether the receiver had taken the
        // request.
        502 | 504 => failure(FailureKind::Unavailable)
            .ambiguous()
            .after(answer.retry_after()),
        413 => failure(FailureKind::TooLarge),
        404 => failure(FailureKind::NoSuchService),
        _ => failure(FailureKind::Refused),
    }
}

impl Answer<'_> {
    /// `401 Unauthorized: token expired`
    fn text(&self) -> String {
        let said = self.said();
        let separator = if said.is_empty() { "" } else { ": " };
        format!("{}{separator}{said}", self.status)
    }

    /// The body if it is text, or the message in the `google.rpc.Status` that OTLP prescribes.
    fn said(&self) -> String {
        let kind = self.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-protobuf") {
            // `google.rpc.Status` has a number in field 1 and its message in field 2, as this type
            // has.
            let status = ExportTracePartialSuccess::decode(self.body);
            return status
                .map(|status| shortened(&status.error_message))
                .unwrap_or_default();
        }
        if kind.starts_with("text/html") {
            return String::new();
        }
        let text = std::str::from_utf8(self.body);
        text.map(shortened).unwrap_or_default()
    }

    /// A number of seconds, or a date.
    fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(value).ok()?;
        Some(
            date.duration_since(SystemTime::now())
                .unwrap_or(Duration::ZERO),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &HeaderMap, body: &[u8]) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        of_answer(&Answer {
            status,
            headers,
            body,
        })
    }

    #[test]
    fn only_what_the_specification_lists_is_tried_again() {
        for status in 300..=599 {
            let failure = answer(status, &HeaderMap::new(), b"");
            let is_listed = matches!(status, 429 | 502 | 503 | 504);
            assert_eq!(failure.is_retryable(), is_listed, "{status}");
        }
        let kind = |status| answer(status, &HeaderMap::new(), b"").kind();
        assert_eq!(kind(413), FailureKind::TooLarge);
        assert_eq!(kind(404), FailureKind::NoSuchService);
        assert_eq!(kind(401), FailureKind::Refused);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let in_an_hour = SystemTime::now() + Duration::from_secs(3_600);
        for (value, expected) in [
            ("7", Some(7..=7)),
            (" 0 ", Some(0..=0)),
            ("soon", None),
            ("-1", None),
            (&httpdate::fmt_http_date(in_an_hour), Some(3_590..=3_600)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", Some(0..=0)),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let seconds = answer(503, &headers, b"").retry_after();
            let seconds = seconds.map(|wait| wait.as_secs());
            match expected {
                Some(expected) => assert!(expected.contains(&seconds.unwrap()), "{value}"),
                None => assert_eq!(seconds, None, "{value}"),
            }
        }
    }

    #[test]
    fn receiver_is_quoted_on_one_line() {
        let plain = HeaderMap::from_iter([(CONTENT_TYPE, "text/plain".parse().unwrap())]);
        let html = HeaderMap::from_iter([(CONTENT_TYPE, "text/html".parse().unwrap())]);
        let status = "application/x-protobuf".parse().unwrap();
        let status = HeaderMap::from_iter([(CONTENT_TYPE, status)]);
        // google.rpc.Status { code: 16, message: "no token" }
        let encoded = b"\x08\x10\x12\x08no token";
        let long = "x".repeat(1_000);
        for (headers, body, expected) in [
            (
                &plain,
                &b"token\nexpired\n"[..],
                "401 Unauthorized: token expired",
            ),
            (&plain, b"", "401 Unauthorized"),
            (&plain, b"\xff\xfe", "401 Unauthorized"),
            (&html, b"<html>", "401 Unauthorized"),
            (&status, encoded, "401 Unauthorized: no token"),
            (
                &plain,
                long.as_bytes(),
                &format!("401 Unauthorized: {}", "x".repeat(300)),
            ),
        ] {
            assert_eq!(answer(401, headers, body).to_string(), expected);
        }
    }
}
