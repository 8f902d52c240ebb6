//! gRPC-Web: a layer in front of the translation sees the trailers as the last message.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

/// True if a response's trailers are in its body. Its head has one or two headers here, and
/// scanning them is cheaper than hashing a name.
pub(crate) fn is_web(head: &HeaderMap) -> bool {
    head.iter().any(|(name, value)| {
        name == CONTENT_TYPE && value.as_bytes().starts_with(b"application/grpc-web")
    })
}

/// True if messages are encoded as text, in which the trailers cannot be seen here.
pub(crate) fn is_text(content_type: &HeaderValue) -> bool {
    let content_type = content_type.as_bytes();
    content_type.starts_with(b"application/grpc-web-text")
}

/// The trailers, if the chunk is their frame. tonic-web sends this frame as a chunk of its own.
pub(crate) fn trailers(chunk: &[u8]) -> Option<HeaderMap> {
    let [TRAILERS, frame @ ..] = chunk else {
        return None;
    };
    let (length, lines) = frame.split_first_chunk()?;
    // A chunk from the middle of a message may begin with any byte.
    if usize::try_from(u32::from_be_bytes(*length)) != Ok(lines.len()) {
        return None;
    }
    let line = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = HeaderName::from_bytes(name).ok()?;
        let value = HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?;
        Some((name, value))
    };
    Some(
        lines
            .split(|byte| *byte == b'\n')
            .filter_map(line)
            .collect(),
    )
}

/// The first byte of the frame that contains the trailers.
const TRAILERS: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_read_from_their_frame() {
        let read = |chunk: &[u8]| {
            let trailers = trailers(chunk)?;
            let status = trailers.get("grpc-status")?;
            Some(String::from_utf8_lossy(status.as_bytes()).into_owned())
        };
        let cases: [(&[u8], Option<&str>); 7] = [
            (
                b"\x80\0\0\0\x22grpc-status:5\r\ngrpc-message:gone\r\n",
                Some("5"),
            ),
            (b"\x80\0\0\0\x16x: y\r\ngrpc-status: 0\r\n", Some("0")),
            (b"\x80\0\0\0\x17x: y\r\ngrpc-status: 0\r\n", None),
            (b"\x80\0\0\0\0", None),
            (b"\x80\0", None),
            (b"\0\0\0\0\x02grpc-status:0", None),
            (b"", None),
        ];
        for (chunk, expected) in cases {
            assert_eq!(read(chunk).as_deref(), expected, "{chunk:?}");
        }
    }
}
