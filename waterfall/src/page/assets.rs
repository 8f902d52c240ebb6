//! The files that the pages load, all from this server.

use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;

pub(super) async fn style() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

pub(super) async fn script() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
