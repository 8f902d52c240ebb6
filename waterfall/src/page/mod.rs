//! The page: lists, traces and services as HTML and SVG that the server makes. It works without
//! scripts; a little of them keeps it live and lets one zoom with the pointer.

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

/// A page in the browser that shows traces as they come. It is closed when this is dropped.
///
/// Only who names the page by an address or as `localhost` is answered: a site that makes its name
/// point to this machine is not.
#[derive(Debug)]
pub struct Page {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Page {
    /// Shows `traces` on this address; port 0 lets the system choose.
    ///
    /// # Errors
    /// The address cannot be used.
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

    /// Where to look at it.
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
