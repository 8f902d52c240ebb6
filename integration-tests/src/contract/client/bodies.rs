//! The response's body: unchanged for the caller, and the end of the operation if that is asked
//! for.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Client, Method, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ClientApp, Expected, Running};
use crate::wire::in_time;

/// Whether the operation lasts until the body's end.
const VARIANTS: [bool; 2] = [false, true];

async fn start<A: ClientApp>(app: &A, body_end: bool) -> Running<A> {
    Running::configured(app, |config| config.body_end(body_end)).await
}

/// Everything that can be compared of a response.
fn facts(response: &Response, running_url: &str) -> String {
    let extensions = response.extensions();
    format!(
        "{:?} {:?} {:?} {:?} {} {}",
        response.status(),
        response.version(),
        response.content_length(),
        response.headers().keys().collect::<Vec<_>>(),
        response.url().as_str().replace(running_url, ""),
        extensions.len(),
    )
}

/// URL, extensions, length and chunks are the same as without the middleware.
pub async fn the_response_is_the_same_as_without_us(app: &impl ClientApp) {
    for path in [
        "/success",
        "/chunks",
        "/one-redirect",
        "/trailers",
        "/empty",
        "/no-content",
    ] {
        for body_end in VARIANTS {
            println!("{path} {body_end}");
            let running = start(app, body_end).await;
            let server = running.url("").to_string();
            let plain = Client::new()
                .get(running.url(path))
                .send()
                .await
                .expect("an answer");
            let ours = running.get(path).await;
            assert_eq!(facts(&ours, &server), facts(&plain, &server));
            assert_eq!(ours.remote_addr(), Some(running.peer.address()));
            assert_eq!(chunks(ours).await.concat(), chunks(plain).await.concat());
        }
    }
}

async fn chunks(response: Response) -> Vec<Vec<u8>> {
    response
        .bytes_stream()
        .map(|chunk| chunk.expect("a chunk").to_vec())
        .collect()
        .await
}

/// HC-21: the default.
pub async fn the_operation_ends_with_the_head(app: &impl ClientApp) {
    let running = start(app, false).await;
    let _unread = running.get("/endless").await;
    running.expect(&Expected::get("/endless")).await;
}

/// HC-21, HC-23
pub async fn the_operation_ends_with_the_body_on_request(app: &impl ClientApp) {
    for path in ["/success", "/chunks", "/known-length", "/trailers"] {
        println!("{path}");
        let running = start(app, true).await;
        let mut response = running.get(path).await;
        assert_eq!(running.capture.spans(), []);
        in_time("the body's end", async {
            while response.chunk().await.expect("a chunk").is_some() {}
        })
        .await;
        // The response still exists, but its body has ended, which is enough.
        running.expect(&Expected::get(path)).await;
        drop(response);
    }
}

/// HC-23: the caller stops reading.
pub async fn a_body_that_is_dropped_is_no_error(app: &impl ClientApp) {
    for read in [false, true] {
        let running = start(app, true).await;
        let mut response = running.get("/endless").await;
        if read {
            response.chunk().await.expect("a chunk");
        }
        assert_eq!(running.capture.spans(), []);
        drop(response);
        running.expect(&Expected::get("/endless")).await;
    }
}

/// HC-23: the caller gets the same error either way. It is recorded only with `body_end`.
pub async fn a_body_that_breaks_is_an_error(app: &impl ClientApp) {
    for body_end in VARIANTS {
        let running = start(app, body_end).await;
        let error = running
            .get("/broken")
            .await
            .bytes()
            .await
            .expect_err("a broken body");
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        assert!(!error.is_timeout());
        let expected = Expected {
            error: body_end.then_some("body"),
            explained: body_end,
            ..Expected::get("/broken")
        };
        running.expect(&expected).await;
    }
}

/// HC-17, HC-23
pub async fn a_body_that_takes_too_long_is_an_error(app: &impl ClientApp) {
    for body_end in VARIANTS {
        let client = Client::builder()
            .read_timeout(Duration::from_millis(300))
            .build()
            .expect("a client");
        let running = Running::with(app, |config| config.body_end(body_end), client).await;
        let error = running
            .get("/stalled")
            .await
            .bytes()
            .await
            .expect_err("no end");
        assert!(error.is_timeout(), "{error:?}");
        let expected = Expected {
            error: body_end.then_some("timeout"),
            explained: body_end,
            ..Expected::get("/stalled")
        };
        running.expect(&expected).await;
    }
}

/// HC-25: also with `body_end`, and if nobody reads.
pub async fn a_response_without_a_body_ends_with_its_head(app: &impl ClientApp) {
    let cases = [
        (Method::GET, "/no-content", 204),
        (Method::GET, "/not-modified", 304),
        (Method::GET, "/empty", 200),
        (Method::HEAD, "/success", 200),
        (Method::HEAD, "/chunks", 200),
    ];
    for (method, path, status) in cases {
        println!("{method} {path}");
        let running = start(app, true).await;
        let request = running.request(method.clone(), path);
        let _unread = running.send(request).await.expect("an answer");
        let name = if method == Method::HEAD {
            "HEAD"
        } else {
            "GET"
        };
        let expected = Expected {
            name,
            method: name,
            status: Some(status),
            ..Expected::get(path)
        };
        running.expect(&expected).await;
    }
}

/// HC-24: the connection works in both directions.
pub async fn an_upgrade_works(app: &impl ClientApp) {
    for body_end in VARIANTS {
        let running = start(app, body_end).await;
        let mut request = running.request(Method::GET, "/upgrade");
        for (name, value) in [("connection", "upgrade"), ("upgrade", "echo")] {
            request
                .headers_mut()
                .insert(name, value.parse().expect("a value"));
        }
        let response = running.send(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let expected = Expected {
            status: Some(101),
            ..Expected::get("/upgrade")
        };
        running.expect(&expected).await;

        let mut upgraded = response.upgrade().await.expect("an upgrade");
        upgraded.write_all(b"hello").await.expect("a write");
        let mut echoed = [0; 5];
        in_time("the echo", upgraded.read_exact(&mut echoed))
            .await
            .expect("an echo");
        assert_eq!(&echoed, b"hello");
    }
}

/// HC-29
pub async fn a_redirected_request_body_is_sent_again(app: &impl ClientApp) {
    let running = start(app, false).await;
    let mut request = running.request(Method::POST, "/repeat");
    *request.body_mut() = Some("again".into());
    let response = running.send(request).await.expect("an answer");
    assert_eq!(response.url().path(), "/echo");
    assert_eq!(response.text().await.expect("a body"), "again");
    let expected = Expected {
        name: "POST",
        method: "POST",
        ..Expected::get("/repeat")
    };
    running.expect(&expected).await;
}
