//! The part of AMQP 0-9-1 that the program needs
//! (<https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>, sections 2.3 and 4.2).

use std::io::{Read, Write};
use std::net::TcpStream;

/// Delivers the first message that is published, and then an order of its own that takes an hour.
/// Returns when the client has gone.
pub(crate) fn forward(stream: TcpStream) {
    let mut client = Client(stream);
    let mut header = [0; 8];
    client.0.read_exact(&mut header).unwrap();
    assert_eq!(&header, b"AMQP\0\0\x09\x01");
    // Version 0-9, no properties, mechanisms, locales.
    client.call(0, [10, 10], b"\0\x09\0\0\0\0\0\0\0\x05PLAIN\0\0\0\x05en_US");
    // The content of the message: its header and its body.
    let (mut head, mut body) = (Vec::new(), Vec::new());
    while let Some((kind, channel, payload)) = client.frame() {
        match (kind, payload.get(..4)) {
            (METHOD, Some(&[0, class, 0, method])) => match [class, method] {
                // start-ok: tune, with no limit but one for the size of frames, and no heartbeat.
                [10, 11] => client.call(0, [10, 30], &[0, 0, 0, 2, 0, 0, 0, 0]),
                // open, and open of a channel.
                [10, 40] => client.call(0, [10, 41], &[0]),
                [20, 10] => client.call(channel, [20, 11], &[0, 0, 0, 0]),
                // declare: the name, no messages, no consumers.
                [50, 10] => client.call(channel, [50, 11], b"\x06orders\0\0\0\0\0\0\0\0"),
                // consume.
                [60, 20] => {
                    client.call(channel, [60, 21], b"\x07example");
                    client.deliver(channel, 1, &head, &body);
                    // Its class, its weight, the size of its body, and no properties.
                    let none = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0];
                    client.deliver(channel, 2, &none, b"3600");
                }
                // close, of the channel and of the connection.
                [20, 40] => client.call(channel, [20, 41], &[]),
                [10, 50] => client.call(0, [10, 51], &[]),
                _ => {}
            },
            (HEADER, _) => head = payload,
            (BODY, _) => body = payload,
            _ => {}
        }
    }
}

struct Client(TcpStream);

impl Client {
    /// Kind, channel and payload of the next frame; `None` if the client has gone.
    fn frame(&mut self) -> Option<(u8, u16, Vec<u8>)> {
        let mut start = [0; 7];
        self.0.read_exact(&mut start).ok()?;
        let [kind, c1, c0, size @ ..] = start;
        let mut payload = vec![0; u32::from_be_bytes(size) as usize];
        self.0.read_exact(&mut payload).ok()?;
        let mut end = [0];
        self.0.read_exact(&mut end).ok()?;
        assert_eq!(end, [END]);
        Some((kind, u16::from_be_bytes([c1, c0]), payload))
    }

    fn deliver(&mut self, channel: u16, tag: u8, head: &[u8], body: &[u8]) {
        // The consumer, the number, not redelivered, no exchange, the queue.
        let number = [0, 0, 0, 0, 0, 0, 0, tag];
        let deliver = [b"\x07example", &number[..], b"\0\0\x06orders"].concat();
        self.call(channel, [60, 60], &deliver);
        self.send(HEADER, channel, head);
        self.send(BODY, channel, body);
    }

    fn call(&mut self, channel: u16, [class, method]: [u8; 2], arguments: &[u8]) {
        let payload = [&[0, class, 0, method], arguments].concat();
        self.send(METHOD, channel, &payload);
    }

    fn send(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let start = [&[kind], &channel.to_be_bytes()[..], &size].concat();
        // The client may have gone.
        let _ = self.0.write_all(&[&start, payload, &[END]].concat());
    }
}

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;
