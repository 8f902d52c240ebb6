//! The end of a response: its head, whatever body a service gave it, or its body.

/// How the method of a request decides where the response ends (RFC 9110, section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The response to HEAD, which has no body.
    HeadOnly,
    /// The response to CONNECT: a tunnel begins behind the head of a success.
    Tunnel,
    /// The response to any other method.
    Usual,
}

impl Message {
    pub(crate) fn answering(method: &str) -> Self {
        match method {
            "HEAD" => Self::HeadOnly,
            "CONNECT" => Self::Tunnel,
            _ => Self::Usual,
        }
    }

    pub(crate) fn ends_with_head(self, status: u16) -> bool {
        match (self, status) {
            (Self::HeadOnly, _) | (_, 100..=199 | 204 | 304) => true,
            (Self::Tunnel, status) => (200..300).contains(&status),
            (Self::Usual, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_messages_end_with_their_head() {
        let cases = [
            ("GET", 200, false),
            ("GET", 404, false),
            ("HEAD", 200, true),
            ("HEAD", 500, true),
            ("GET", 101, true),
            ("GET", 204, true),
            ("GET", 205, false),
            ("GET", 304, true),
            ("CONNECT", 200, true),
            ("CONNECT", 407, false),
        ];
        for (method, status, expected) in cases {
            assert_eq!(
                Message::answering(method).ends_with_head(status),
                expected,
                "{method} {status}"
            );
        }
    }
}
