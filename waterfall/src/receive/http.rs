//! OTLP over HTTP: protobuf or JSON, with or without gzip.

use std::io::Read;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use flate2::read::MultiGzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

use super::cors::cors;
use super::inbox::{Inbox, LARGEST_REQUEST, Request};

pub(super) async fn serve(listener: TcpListener, inbox: Inbox) {
    let app = Router::new()
        .route("/v1/traces", post(traces))
        .route("/v1/logs", post(logs))
        .route("/v1/metrics", post(metrics))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(from_fn(cors))
        .with_state(inbox);
    // It ends with the listener, which does not end.
    let _ = axum::serve(listener, app).await;
}

async fn traces(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> Answer {
    let (format, request) = read::<ExportTraceServiceRequest>(&headers, body)?;
    let kept = inbox.keep(Request::Spans(request)).await;
    kept.map_err(|_| closed(format))?;
    Ok(format.success())
}

async fn logs(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> Answer {
    let (format, request) = read::<ExportLogsServiceRequest>(&headers, body)?;
    let kept = inbox.keep(Request::Logs(request)).await;
    kept.map_err(|_| closed(format))?;
    Ok(format.success())
}

async fn metrics(headers: HeaderMap) -> Answer {
    Ok(Format::of(&headers)?.success())
}

type Answer = Result<Response, Refusal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let kind = text(headers, &CONTENT_TYPE);
        match kind.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" | "application/protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            _ => Err(Refusal {
                format: Self::Protobuf,
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                reason: format!("neither protobuf nor JSON: {kind:?}"),
            }),
        }
    }

    fn content_type(self) -> [(HeaderName, &'static str); 1] {
        let kind = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        [(CONTENT_TYPE, kind)]
    }

    /// A response without a partial success has no fields, for all signals.
    fn success(self) -> Response {
        let body = match self {
            Self::Protobuf => "",
            Self::Json => "{}",
        };
        (self.content_type(), body).into_response()
    }
}

fn read<T: Message + Default + DeserializeOwned>(
    headers: &HeaderMap,
    body: Bytes,
) -> Result<(Format, T), Refusal> {
    let format = Format::of(headers)?;
    let refuse = |status, reason: String| Refusal {
        format,
        status,
        reason,
    };
    let encoding = text(headers, &CONTENT_ENCODING);
    let body = match encoding.trim() {
        "" | "identity" => body,
        "gzip" => unpacked(&body).map_err(|reason| refuse(StatusCode::BAD_REQUEST, reason))?,
        other => {
            let reason = format!("content encoding {other:?} is not known");
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
        }
    };
    let request = match format {
        Format::Protobuf => T::decode(body).map_err(|error| error.to_string()),
        Format::Json => serde_json::from_slice(&body).map_err(|error| error.to_string()),
    };
    let request = request.map_err(|reason| refuse(StatusCode::BAD_REQUEST, reason))?;
    Ok((format, request))
}

/// A few bytes may decompress to gigabytes.
fn unpacked(body: &[u8]) -> Result<Bytes, String> {
    let mut unpacked = Vec::new();
    let limit = LARGEST_REQUEST as u64;
    MultiGzDecoder::new(body)
        .take(limit + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| format!("gzip: {error}"))?;
    match unpacked.len() > LARGEST_REQUEST {
        true => Err(format!("more than {limit} bytes when unpacked")),
        false => Ok(unpacked.into()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    let value = headers.get(name).map(|value| value.to_str());
    value.and_then(Result::ok).unwrap_or_default()
}

fn closed(format: Format) -> Refusal {
    Refusal {
        format,
        status: StatusCode::SERVICE_UNAVAILABLE,
        reason: "the receiver is closing".to_owned(),
    }
}

/// "The response body MUST be a Protobuf-encoded `Status` message that describes the problem."
struct Refusal {
    format: Format,
    status: StatusCode,
    reason: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let message = GoogleStatus {
            message: self.reason,
        };
        let body = match self.format {
            Format::Protobuf => message.encode_to_vec(),
            Format::Json => serde_json::to_vec(&message).unwrap_or_default(),
        };
        (self.status, self.format.content_type(), body).into_response()
    }
}

/// The relevant part of `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message, serde::Serialize)]
struct GoogleStatus {
    #[prost(string, tag = "2")]
    message: String,
}
