//! The inventory: knows the stock and reserves goods for an order.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use opentelemetry::Context;
use opentelemetry::trace::FutureExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tracing::info;

use super::database::{Database, Refusal};
use super::inventory_api::inventory_server::{Inventory, InventoryServer};
use super::inventory_api::reserve_response::Progress;
use super::inventory_api::{ReleaseRequest, ReleaseResponse, ReserveRequest, ReserveResponse};

pub(super) async fn routes() -> Result<Routes> {
    let database = Database::open().await.context("the stock cannot be read")?;
    Ok(Routes::new(InventoryServer::new(Warehouse {
        database: Arc::new(database),
    })))
}

#[derive(Debug)]
struct Warehouse {
    database: Arc<Database>,
}

#[tonic::async_trait]
impl Inventory for Warehouse {
    type ReserveStream = UnboundedReceiverStream<Result<ReserveResponse, Status>>;

    async fn reserve(
        &self,
        request: Request<ReserveRequest>,
    ) -> Result<Response<Self::ReserveStream>, Status> {
        let database = self.database.clone();
        let ReserveRequest { lines } = request.into_inner();
        // It holds at most one basket. A slow reader must not lock the stock.
        let (sender, receiver) = mpsc::unbounded_channel();
        let reserving = async move {
            let tell = |progress| sender.send(Ok(progress_response(progress)));
            let reserved = database.reserve(&lines, |line| {
                tell(Progress::Line(line)).map_err(|_| Refusal::Abandoned)
            });
            let reserved = reserved.await;
            // If this fails, the receiver is gone.
            let _ = match reserved {
                Ok(reservation) => {
                    info!(reservation, "goods reserved");
                    tell(Progress::Reservation(reservation))
                }
                Err(refusal) => sender.send(Err(refusal.into())),
            };
        };
        // With its context, so that the spans of the queries have a parent.
        tokio::spawn(reserving.with_context(Context::current()));
        Ok(Response::new(receiver.into()))
    }

    async fn release(
        &self,
        request: Request<ReleaseRequest>,
    ) -> Result<Response<ReleaseResponse>, Status> {
        let ReleaseRequest { reservation } = request.into_inner();
        let released = self.database.release(reservation).await;
        released.map_err(|error| Status::internal(error.to_string()))?;
        info!(reservation, "goods put back");
        Ok(Response::new(ReleaseResponse {}))
    }
}

fn progress_response(progress: Progress) -> ReserveResponse {
    ReserveResponse {
        progress: Some(progress),
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OutOfStock { sku } => {
                Self::failed_precondition(format!("{sku} is out of stock"))
            }
            Refusal::Abandoned => Self::cancelled("nobody waits for the reservation"),
            Refusal::Database(error) => Self::internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;
    use tonic::Code;

    use super::*;
    use crate::services::inventory_api::{AvailableLine, Line};

    async fn reserve(skus: &[&str]) -> Vec<Result<Progress, Code>> {
        let warehouse = Warehouse {
            database: Arc::new(Database::open().await.unwrap()),
        };
        let lines = skus.iter().map(|sku| Line {
            sku: (*sku).to_owned(),
            quantity: 2,
        });
        let request = Request::new(ReserveRequest {
            lines: lines.collect(),
        });
        let answer = warehouse.reserve(request).await.unwrap().into_inner();
        answer
            .map(|message| match message {
                Ok(message) => Ok(message.progress.unwrap()),
                Err(status) => Err(status.code()),
            })
            .collect()
            .await
    }

    fn line(sku: &str, value_cents: i64) -> Result<Progress, Code> {
        Ok(Progress::Line(AvailableLine {
            sku: sku.to_owned(),
            value_cents,
        }))
    }

    #[tokio::test]
    async fn every_line_is_told_and_at_last_the_reservation() {
        assert_eq!(
            reserve(&["article-1", "article-2"]).await,
            [
                line("article-1", 2 * 236),
                line("article-2", 2 * 273),
                Ok(Progress::Reservation(1)),
            ]
        );
    }

    #[tokio::test]
    async fn out_of_stock_is_a_failed_precondition() {
        assert_eq!(
            reserve(&["article-1", "no such article", "article-2"]).await,
            [line("article-1", 2 * 236), Err(Code::FailedPrecondition)]
        );
    }
}
