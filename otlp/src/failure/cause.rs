//! Errors raised on this side: what they say about the connection, in plain words.

use std::error::Error;
use std::io;
use std::iter::successors;

use h2::Reason;
use hyper_util::client::legacy;
#[cfg(feature = "tls")]
use rustls::AlertDescription;

use super::Failure;
use super::FailureKind;
use super::NotGrpc;

/// The failure behind an error of the HTTP client, of gRPC, or of a connection.
pub(crate) fn of_error(error: &(dyn Error + 'static)) -> Failure {
    let chain = || chain(error);
    if let Some(answer) = chain().find_map(|error| error.downcast_ref::<NotGrpc>()) {
        return answer.failure();
    }
    let is_connecting = chain()
        .find_map(|error| error.downcast_ref::<legacy::Error>())
        .is_some_and(legacy::Error::is_connect);
    #[cfg(feature = "tls")]
    if let Some(failure) = chain().find_map(of_tls) {
        return failure;
    }
    if let Some(failure) = chain().find_map(|error| of_http2(error.downcast_ref()?)) {
        return failure;
    }
    if let Some(failure) = chain().find_map(|error| of_http1(error.downcast_ref()?)) {
        return failure;
    }
    let io = chain().find_map(|error| match error.downcast_ref::<h2::Error>() {
        Some(error) => error.get_io(),
        None => error.downcast_ref(),
    });
    let text = match io {
        Some(error) => of_io(error),
        None => innermost(error),
    };
    match is_connecting {
        true => Failure::new(FailureKind::Connect, text),
        false => Failure::new(FailureKind::ConnectionLost, text).ambiguous(),
    }
}

/// The failure that HTTP/2 reports, for the connection or for the stream.
fn of_http2(error: &h2::Error) -> Option<Failure> {
    let reason = error.reason()?;
    let who = if error.is_remote() {
        "the receiver"
    } else {
        "this side"
    };
    let what = if error.is_go_away() {
        "closed the connection"
    } else {
        "reset the stream"
    };
    let text = format!("{who} {what}: {}", reason.description());
    let failure = match reason {
        // This side finds it in the first bytes of a peer that speaks another protocol.
        Reason::FRAME_SIZE_ERROR | Reason::PROTOCOL_ERROR if !error.is_remote() => {
            let text = "the endpoint does not speak gRPC (HTTP/2)";
            return Some(Failure::new(FailureKind::OtherProtocol, text));
        }
        // By definition, nothing has been done yet.
        Reason::REFUSED_STREAM => Failure::new(FailureKind::Unavailable, text),
        Reason::ENHANCE_YOUR_CALM => Failure::new(FailureKind::Throttled, text).ambiguous(),
        _ => Failure::new(FailureKind::ConnectionLost, text).ambiguous(),
    };
    Some(failure)
}

/// The failure that HTTP/1.1 reports, for the peer or for the connection.
fn of_http1(error: &hyper::Error) -> Option<Failure> {
    // A server that sends before it is asked, as one of HTTP/2 does. There is no predicate for it.
    let is_unasked = error.to_string().starts_with("received unexpected message");
    if error.is_parse() || error.is_parse_status() || is_unasked {
        let text = "the endpoint does not speak HTTP/1.1";
        return Some(Failure::new(FailureKind::OtherProtocol, text));
    }
    let text = match error {
        error if error.is_incomplete_message() => "the connection was closed before the answer",
        error if error.is_canceled() || error.is_closed() => "the connection was closed",
        _ => return None,
    };
    Some(Failure::new(FailureKind::ConnectionLost, text).ambiguous())
}

#[cfg(feature = "tls")]
fn of_tls(error: &(dyn Error + 'static)) -> Option<Failure> {
    // TLS errors are wrapped in socket errors, which do not return them as their source.
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_tls(error.get_ref()?);
    }
    let error = error.downcast_ref()?;
    if matches!(
        error,
        rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)
    ) {
        let text = "the endpoint does not speak gRPC (HTTP/2 over TLS)";
        return Some(Failure::new(FailureKind::OtherProtocol, text));
    }
    let text = match error {
        rustls::Error::InvalidCertificate(why) => {
            format!("the receiver's certificate is not trusted: {why}")
        }
        rustls::Error::InvalidMessage(_) => {
            "the endpoint does not speak TLS, and its URL says https".to_owned()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the receiver refused the TLS connection: {alert:?}")
        }
        other => format!("TLS: {other}"),
    };
    Some(Failure::new(FailureKind::Connect, text))
}

fn of_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "the connection was closed".to_owned()
        }
        io::ErrorKind::TimedOut => "no connection in time".to_owned(),
        _ => error.to_string(),
    }
}

/// The message of the last error in the chain: wrappers only say "error sending request".
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_http2_decide_what_is_tried_again() {
        for (reason, kind, may_have_arrived) in [
            (Reason::REFUSED_STREAM, FailureKind::Unavailable, false),
            (Reason::CANCEL, FailureKind::ConnectionLost, true),
            (Reason::INTERNAL_ERROR, FailureKind::ConnectionLost, true),
            (Reason::ENHANCE_YOUR_CALM, FailureKind::Throttled, true),
            (Reason::NO_ERROR, FailureKind::ConnectionLost, true),
            (Reason::FRAME_SIZE_ERROR, FailureKind::OtherProtocol, false),
        ] {
            let failure = of_error(&h2::Error::from(reason));
            assert_eq!(failure.kind(), kind, "{reason:?}");
            assert_eq!(failure.may_have_arrived(), may_have_arrived, "{reason:?}");
        }
    }

    #[test]
    fn socket_is_quoted_in_plain_words() {
        for (kind, expected) in [
            (io::ErrorKind::ConnectionReset, "connection reset"),
            (io::ErrorKind::ConnectionRefused, "connection refused"),
            (io::ErrorKind::BrokenPipe, "the connection was closed"),
        ] {
            let failure = of_error(&io::Error::from(kind));
            assert_eq!(failure.to_string(), expected);
            assert_eq!(failure.kind(), FailureKind::ConnectionLost);
            assert!(failure.may_have_arrived());
        }
    }
}
