//! The frame that all pages share.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

pub(super) fn frame(title: &str, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · otel-waterfall" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
                script src="/script.js" defer {}
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                header {
                    nav aria-label="Pages" {
                        a class="brand" href="/" { "otel-waterfall" }
                        a href="/" { "Traces" }
                        a href="/services" { "Services" }
                    }
                }
                main id="content" tabindex="-1" { (body) }
            }
        }
    };
    Html(page.into_string())
}

pub(super) async fn not_found() -> Response {
    let body = html! {
        h1 { "Not here" }
        p { "There is no such page, or its trace made room for newer ones." }
        p { a href="/" { "All traces" } }
    };
    (StatusCode::NOT_FOUND, frame("Not here", &body)).into_response()
}

/// The time of day in UTC: traces of yesterday are not expected here.
pub(super) fn time_of_day(unix_nano: u64) -> String {
    let millis = unix_nano / 1_000_000;
    let (seconds, millis) = (millis / 1_000 % 86_400, millis % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
}
