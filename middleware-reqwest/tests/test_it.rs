//! The test of the README, literally.

use otel_middleware_reqwest::testing::Capture;
use otel_middleware_reqwest::{ClientConfig, OtelMiddleware};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tracing::instrument(skip(client))]
async fn user(client: ClientWithMiddleware, url: String) -> reqwest_middleware::Result<u16> {
    Ok(client.get(url).send().await?.status().as_u16())
}

#[tokio::test]
async fn call_is_traced() -> Result<(), Box<dyn std::error::Error>> {
    let capture = Capture::new();
    let _subscriber = tracing::subscriber::set_default(capture.subscriber());
    let config = ClientConfig::new().providers(capture.providers());
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(OtelMiddleware::with_config(config))
        .build();

    // A server that answers once, with what it received.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/users/42", listener.local_addr()?);
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await?;
        let mut request = vec![0; 4096];
        let length = socket.read(&mut request).await?;
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        std::io::Result::Ok(String::from_utf8_lossy(&request[..length]).into_owned())
    });
    assert_eq!(user(client, url).await?, 204);

    // The client span ends with the head of the response.
    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    let (call, user) = (&spans[0], &spans[1]);
    assert_eq!(call.name, "GET");
    assert_eq!(call.parent_span_id, user.span_context.span_id());
    let id = call.span_context.span_id().to_string();
    assert!(server.await??.contains(&id));
    Ok(())
}
