//! For frameworks whose responses can have trailers. Nothing is polled after them.

use http_body_util::BodyExt;

use super::connections::{expected, get};
use super::{Expected, Running, ServerApp};
use crate::wire::Http2;

/// Over HTTP/1.1.
pub async fn trailers_end_the_body(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, answer) = running.ask("GET /trailers", &["TE: trailers"]).await;
    assert!(
        answer.ends_with("\r\nsuccess\r\n0\r\nx-checksum: 42\r\n\r\n"),
        "{answer:?}"
    );
    running.expect(client, &Expected::get("/trailers")).await;
}

/// Over HTTP/2.
pub async fn trailers_end_the_body_of_a_stream(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut connection = Http2::connect(running.address()).await;
    let response = connection.send(get("/trailers")).await.expect("a response");
    let body = response.into_body().collect().await.expect("a body");
    assert_eq!(body.trailers().expect("trailers")["x-checksum"], "42");
    let client = connection.address();
    drop(connection);
    running.expect(client, &expected("/trailers")).await;
}
