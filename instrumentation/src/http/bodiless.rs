//! Which responses end with their head, whatever body a service gave them.

/// What the method of a request says of that (RFC 9110, section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bodiless {
    /// HEAD.
    Always,
    /// CONNECT: a tunnel begins behind the head.
    WhenSuccessful,
    /// All others.
    ByStatus,
}

impl Bodiless {
    pub(crate) fn of(method: &str) -> Self {
        match method {
            "HEAD" => Self::Always,
            "CONNECT" => Self::WhenSuccessful,
            _ => Self::ByStatus,
        }
    }

    pub(crate) fn applies_to(self, status: u16) -> bool {
        match (self, status) {
            (Self::Always, _) | (_, 100..=199 | 204 | 304) => true,
            (Self::WhenSuccessful, status) => (200..300).contains(&status),
            (Self::ByStatus, _) => false,
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
                Bodiless::of(method).applies_to(status),
                expected,
                "{method} {status}"
            );
        }
    }
}
