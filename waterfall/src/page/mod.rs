//! The page: lists, traces and services as HTML and SVG from the server. It works without scripts;
//! a small script updates it live and allows to zoom with the pointer.

mod assets;
mod frame;
mod graph;
mod guard;
mod list;
mod live;
mod query;
mod rows;
mod services;
mod waterfall;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::traces::Traces;

/// A page in the browser that shows traces as they arrive. It is closed when this is dropped.
///
/// It answers only requests that name it by an address or as `localhost`. A site that makes its own
/// name point to this machine gets no answer.
#[derive(Debug)]
pub struct Page {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Page {
    /// Opens a page with `traces` at this address; port 0 lets the system choose.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub async fn open(address: SocketAddr, traces: Traces) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("{address} cannot be used"))?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            // It ends with the listener, which does not end.
            let _ = axum::serve(listener, router(traces)).await;
        });
        Ok(Self { address, server })
    }

    /// The URL of the page.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(traces: Traces) -> Router {
    Router::new()
        .route("/", get(list::page))
        .route("/rows", get(list::rows))
        .route("/trace/{id}", get(waterfall::page))
        .route("/services", get(services::page))
        .route("/changes", get(live::changes))
        .route("/style.css", get(assets::style))
        .route("/script.js", get(assets::script))
        .fallback(frame::not_found)
        .layer(from_fn(guard::guard))
        .with_state(traces)
}
