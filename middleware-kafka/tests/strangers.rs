//! Messages of other programs than rdkafka: the names of their headers are not UTF-8.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::catch_unwind;

use futures_util::StreamExt;
use opentelemetry::trace::SpanId;
use otel_middleware_kafka::{MessagingConfig, OtelProducer};
use rdkafka::Message;
use rdkafka::consumer::CommitMode;
use rdkafka::message::{BorrowedHeaders, Headers};
use rdkafka::producer::FutureRecord;

use cluster::{Cluster, PATIENCE, links, traceparent};

/// KA-24
#[tokio::test]
async fn names_that_are_no_text_kill_no_consumer() {
    let cluster = Cluster::new();
    let traced = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    produce(&cluster, &[(b"traceparent", traced), (b"\xff\xfe", b"1")]);
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    cluster.producer().send(record, PATIENCE).await.unwrap();

    let consumer = cluster.consumer(MessagingConfig::new().receives(true));
    let stranger = consumer.recv().await.unwrap();
    let read = || Headers::iter(stranger.headers().unwrap()).count();
    assert!(
        catch_unwind(std::panic::AssertUnwindSafe(read)).is_err(),
        "rdkafka reads it"
    );
    consumer.process(&stranger, async |_| ()).await;
    let span = cluster.span_of("process");
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert_eq!(links(&span), []);
    let messages = [stranger];
    consumer.process_batch(&messages, async |_| ()).await;
    consumer
        .commit_message(&messages[0], CommitMode::Sync)
        .unwrap();

    // The next message is read as usual.
    let mut stream = consumer.stream();
    let message = stream.next().await.unwrap().unwrap();
    consumer.process(&message, async |_| ()).await;
    let sent = cluster.span_of("send");
    let spans = cluster.capture.spans();
    let parent = spans.last().unwrap().parent_span_id;
    assert_eq!(parent, sent.span_context.span_id());
}

/// KA-14, KA-24
#[tokio::test]
async fn names_that_are_no_text_are_forwarded() {
    let cluster = Cluster::new();
    produce(&cluster, &[(b"\xff\xfe", b"1"), (b"a", b"2")]);
    let seen = cluster.seen(1).pop().unwrap();
    let producer: OtelProducer = cluster.producer();
    let record: FutureRecord<'_, (), [u8]> = FutureRecord::to(cluster.topic()).payload(b"{}");
    let headers = seen.headers().unwrap().clone();
    producer
        .send(record.headers(headers), PATIENCE)
        .await
        .unwrap();

    // The unreadable header is still there, and the context is the last header.
    let forwarded = cluster.seen(2).pop().unwrap();
    let headers: &BorrowedHeaders = forwarded.headers().unwrap().as_borrowed();
    assert_eq!(headers.count(), 3);
    let last = headers.get(2);
    let expected = traceparent(&cluster.span());
    assert_eq!(
        (last.key, last.value),
        ("traceparent", Some(expected.as_bytes()))
    );
}

/// Returns one message, written in the broker's protocol (`Produce`, version 3).
fn produce(cluster: &Cluster, headers: &[(&[u8], &[u8])]) {
    let mut record = vec![0, 0, 0];
    varint(&mut record, -1);
    bytes(&mut record, b"{}");
    varint(&mut record, headers.len());
    for (name, value) in headers {
        bytes(&mut record, name);
        bytes(&mut record, value);
    }
    // Attributes, last offset, both timestamps, no producer, one record.
    let mut checked = vec![0; 2 + 4 + 8 + 8];
    checked.extend([0xff; 8 + 2 + 4]);
    checked.extend(1_i32.to_be_bytes());
    bytes(&mut checked, &record);

    let mut batch = 0_i64.to_be_bytes().to_vec();
    batch.extend(length(checked.len() + 9));
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend(crc32c(&checked).to_be_bytes());
    batch.extend(checked);

    // Produce, version 3, its number, no client id, no transaction, one acknowledgement.
    let mut request = vec![0, 0, 0, 3, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 0, 1];
    request.extend(10_000_i32.to_be_bytes());
    request.extend(1_i32.to_be_bytes());
    request.extend(u16::try_from(cluster.topic().len()).unwrap().to_be_bytes());
    request.extend(cluster.topic().as_bytes());
    request.extend(1_i32.to_be_bytes());
    request.extend(0_i32.to_be_bytes());
    request.extend(length(batch.len()));
    request.extend(batch);

    let mut broker = TcpStream::connect(cluster.servers()).unwrap();
    broker.write_all(&length(request.len())).unwrap();
    broker.write_all(&request).unwrap();
    let mut size = [0; 4];
    broker.read_exact(&mut size).unwrap();
    let mut response = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
    broker.read_exact(&mut response).unwrap();
    // After the number come the topic's name and the partition.
    let code = 4 + 4 + 2 + cluster.topic().len() + 4 + 4;
    assert_eq!(response.get(code..code + 2), Some(&[0, 0][..]));
}

fn length(length: usize) -> [u8; 4] {
    i32::try_from(length).unwrap().to_be_bytes()
}

fn bytes(buffer: &mut Vec<u8>, bytes: &[u8]) {
    varint(buffer, bytes.len());
    buffer.extend(bytes);
}

/// In the encoding of Protocol Buffers, with the sign in the last bit.
fn varint(buffer: &mut Vec<u8>, number: impl TryInto<i64>) {
    let number = number.try_into().ok().unwrap();
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while rest >= 0x80 {
        buffer.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    buffer.push(rest as u8);
}

fn crc32c(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    });
    !crc
}
