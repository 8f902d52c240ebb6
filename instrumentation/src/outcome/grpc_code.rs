//! gRPC status codes: their names, their sources, and the side for which they are errors.

use opentelemetry::StringValue;
use percent_encoding::percent_decode_str;

use super::ending::Side;
use crate::semconv;

/// A status code. Codes that gRPC does not define keep their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrpcCode {
    Ok,
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
    Undefined(u32),
}

impl GrpcCode {
    /// Reads the value of `grpc-status`. Anything but a number is UNKNOWN.
    pub(crate) fn parse(text: &str) -> Self {
        // The usual case.
        if text == "0" {
            return Self::Ok;
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_number => Self::from_number(number),
            Ok(_) | Err(_) => Self::Unknown,
        }
    }

    pub(crate) fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Ok,
            1 => Self::Cancelled,
            2 => Self::Unknown,
            3 => Self::InvalidArgument,
            4 => Self::DeadlineExceeded,
            5 => Self::NotFound,
            6 => Self::AlreadyExists,
            7 => Self::PermissionDenied,
            8 => Self::ResourceExhausted,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            11 => Self::OutOfRange,
            12 => Self::Unimplemented,
            13 => Self::Internal,
            14 => Self::Unavailable,
            15 => Self::DataLoss,
            16 => Self::Unauthenticated,
            undefined => Self::Undefined(undefined),
        }
    }

    /// The code of a response without `grpc-status` (gRPC's `doc/http-grpc-status-mapping.md`).
    pub(crate) fn from_http(status: u16) -> Self {
        match status {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    /// The value on a span: the name, or `CODE(9999)` for a number without one.
    pub(crate) fn value(self) -> StringValue {
        match self {
            Self::Undefined(number) => StringValue::from(format!("CODE({number})")),
            named => StringValue::from(named.label()),
        }
    }

    /// The value as a label, of low cardinality: a peer can send any number without a name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Undefined(_) => semconv::OTHER,
        }
    }

    /// True if the code is an error: for a client everything except OK, for a server only its own
    /// faults.
    pub(crate) fn is_error(self, side: Side) -> bool {
        match side {
            Side::Client => self != Self::Ok,
            Side::Server => matches!(
                self,
                Self::Unknown
                    | Self::DeadlineExceeded
                    | Self::Unimplemented
                    | Self::Internal
                    | Self::Unavailable
                    | Self::DataLoss
            ),
        }
    }
}

/// The text of a `grpc-message`. Invalid escapes stay unchanged.
pub(crate) fn decoded_message(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_table() {
        // GR-06: number, name, error for a client, error for a server.
        let cases = [
            ("0", "OK", false, false),
            ("1", "CANCELLED", true, false),
            ("2", "UNKNOWN", true, true),
            ("3", "INVALID_ARGUMENT", true, false),
            ("4", "DEADLINE_EXCEEDED", true, true),
            ("5", "NOT_FOUND", true, false),
            ("6", "ALREADY_EXISTS", true, false),
            ("7", "PERMISSION_DENIED", true, false),
            ("8", "RESOURCE_EXHAUSTED", true, false),
            ("9", "FAILED_PRECONDITION", true, false),
            ("10", "ABORTED", true, false),
            ("11", "OUT_OF_RANGE", true, false),
            ("12", "UNIMPLEMENTED", true, true),
            ("13", "INTERNAL", true, true),
            ("14", "UNAVAILABLE", true, true),
            ("15", "DATA_LOSS", true, true),
            ("16", "UNAUTHENTICATED", true, false),
            ("9999", "CODE(9999)", true, false),
            ("", "UNKNOWN", true, true),
            ("+1", "UNKNOWN", true, true),
            ("-1", "UNKNOWN", true, true),
            ("OK", "UNKNOWN", true, true),
            ("99999999999", "UNKNOWN", true, true),
        ];
        for (text, value, client, server) in cases {
            let code = GrpcCode::parse(text);
            assert_eq!(code.value().as_str(), value, "{text}");
            assert_eq!(code.is_error(Side::Client), client, "{text}");
            assert_eq!(code.is_error(Side::Server), server, "{text}");
        }
    }

    #[test]
    fn labels_are_bounded() {
        assert_eq!(GrpcCode::from_number(17).label(), "_OTHER");
        assert_eq!(GrpcCode::from_number(16).label(), "UNAUTHENTICATED");
    }

    #[test]
    fn http_statuses_stand_in_for_a_missing_code() {
        let cases = [
            (200, GrpcCode::Unknown),
            (400, GrpcCode::Internal),
            (401, GrpcCode::Unauthenticated),
            (403, GrpcCode::PermissionDenied),
            (404, GrpcCode::Unimplemented),
            (429, GrpcCode::Unavailable),
            (500, GrpcCode::Unknown),
            (502, GrpcCode::Unavailable),
            (503, GrpcCode::Unavailable),
            (504, GrpcCode::Unavailable),
        ];
        for (status, expected) in cases {
            assert_eq!(GrpcCode::from_http(status), expected, "{status}");
        }
    }

    #[test]
    fn messages_are_decoded() {
        let cases = [
            ("", ""),
            ("no%20such%20user", "no such user"),
            ("caf%C3%A9", "caf\u{e9}"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%+1", "%+1"),
            ("%ff", "\u{fffd}"),
        ];
        for (text, expected) in cases {
            assert_eq!(decoded_message(text), expected, "{text}");
        }
    }
}
