//! The three checkouts that are sent through the gateway.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use opentelemetry::trace::TraceId;
use reqwest::StatusCode;

use crate::services::{Checkout, DECLINED_SUFFIX, Line, TRACE_ID};

/// A checkout, its name in the report, and its expected outcome.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) subject: &'static str,
    checkout: Checkout,
    status: StatusCode,
}

pub(crate) fn scenes() -> [Scene; 3] {
    [
        Scene {
            subject: "the ordinary checkout",
            checkout: checkout("4242", 2),
            status: StatusCode::CREATED,
        },
        Scene {
            subject: "the large basket",
            checkout: checkout("4242", 40),
            status: StatusCode::CREATED,
        },
        Scene {
            subject: "the checkout with a declined card",
            checkout: checkout(DECLINED_SUFFIX, 2),
            status: StatusCode::PAYMENT_REQUIRED,
        },
    ]
}

/// The checkout with this number in a load: nearly all are ordinary.
pub(crate) fn mixed(number: u32) -> Scene {
    let [ordinary, large, declined] = scenes();
    match (number % 17, number % 19) {
        (0, _) => large,
        (_, 0) => declined,
        _ => ordinary,
    }
}

/// A basket with `lines` different articles.
pub(crate) fn checkout(last_digits: &str, lines: u32) -> Checkout {
    Checkout {
        user: "ada".to_owned(),
        card: format!("424242424242{last_digits}"),
        lines: (1..=lines)
            .map(|number| Line {
                sku: format!("article-{number}"),
                quantity: 1,
            })
            .collect(),
    }
}

/// A customer: sends checkouts and has no telemetry, so that each trace begins at the gateway.
#[derive(Debug)]
pub(crate) struct Customer {
    http: reqwest::Client,
    url: String,
}

impl Customer {
    pub(crate) fn new(gateway: SocketAddr) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            url: format!("http://{gateway}/checkout"),
        })
    }

    /// Sends the checkout and returns the id of its trace, if the trace is exported.
    pub(crate) async fn play(&self, scene: &Scene) -> Result<Option<TraceId>> {
        let Scene {
            subject,
            checkout,
            status,
        } = scene;
        let answer = self.http.post(&self.url).json(checkout).send().await?;
        let trace_id = answer
            .headers()
            .get(TRACE_ID)
            .and_then(|id| TraceId::from_hex(id.to_str().ok()?).ok());
        let answered = answer.status();
        let body = answer.text().await?;
        ensure!(
            answered == *status,
            "{subject} was answered with {answered}: {body}"
        );
        Ok(trace_id)
    }
}
