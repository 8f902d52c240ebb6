//! The application in actix-web.

use std::fmt;

use actix_web::body::{MessageBody, SizedStream};
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, ResponseError, Route, guard};
use futures_util::StreamExt;
use otel_instrumentation::ErrorType;
use otel_middleware_actix::{OtelMiddleware, ServerConfig};

use super::{Controller, bodies};
use crate::contract::server::{Differences, Served, ServerApp};

/// actix-web with [`OtelMiddleware`] around its application.
#[derive(Clone, Copy, Debug)]
pub struct Actix;

impl ServerApp for Actix {
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        let middleware = OtelMiddleware::with_config(config);
        serve(move || {
            App::new()
                .wrap(middleware.clone())
                .configure(routes(controller.clone()))
        })
    }

    /// A method that a resource does not have is answered by the resource.
    fn differences(&self) -> Differences {
        Differences {
            odd_method: (405, Some("/success")),
            handler_error_message: "the handler failed",
            body_error_type: "body",
            body_error_message: "the source dried up",
            trailers: false,
            notices_half_close: false,
        }
    }
}

/// Serves any application on a free port of the loopback interface, HTTP/1 as well as HTTP/2.
pub fn serve<F, T, B>(app: F) -> Served
where
    F: Fn() -> App<T> + Send + Clone + 'static,
    T: ServiceFactory<
            ServiceRequest,
            Response = ServiceResponse<B>,
            Error = Error,
            Config = (),
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    serve_with(HttpServer::new(app).workers(1))
}
