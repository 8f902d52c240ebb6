//! One application for each framework, all with the same routes.
//!
//! | route | answer |
//! |---|---|
//! | `GET /success` | 200 `success` |
//! | `GET /redirect` | 302 to `/redirected` |
//! | `GET /client-error` | 400 |
//! | `GET /error-status` | 500 `controller error` |
//! | `GET /handler-error` | an error that the handler returned, answered with 500 |
//! | `GET /exception` | the handler panics |
//! | `GET /declined` | 402, with `ErrorType("card_declined")` |
//! | `GET /captureHeaders` | 200; `X-Test-Request` comes back as `X-Test-Response`, beside a `Server-Timing` |
//! | `GET /query` | 200, the query |
//! | `GET /path/{id}/param` | 200, the id |
//! | `GET /nested/users/{id}` | 200, the id; mounted in the framework's way |
//! | `GET /child?id=N` | 200, the id; makes a child span with `test.request.id` |
//! | `GET /context` | 200, the [context](Controller::context) that the handler sees |
//! | `POST /echo` | 200, the request's body |
//! | `GET /empty` | 200 without a body |
//! | `GET /no-content`, `/not-modified` | 204, 304 |
//! | `GET /known-length` | [`bodies::never_ending`], with its Content-Length |
//! | `GET /chunks` | [`bodies::chunks`] |
//! | `GET /events` | [`bodies::events`] as `text/event-stream` |
//! | `GET /endless` | [`bodies::endless`] |
//! | `GET /broken`, `/late` | [`bodies::broken`], [`bodies::late`] |
//! | `GET /trailers` | `success`, then the trailer `x-checksum: 42` |
//! | `GET /upgrade` | 101; says back what it hears |
//! | `GET /spawn` | 200; a task [keeps](Controller::keep) the context |
//! | `GET /guarded` | 403: a middleware between ours and the routes fails with it |
//! | `GET /hang` | never; the [handler says](Controller::enter) that it was reached |

pub mod actix;
pub mod axum;
pub mod bodies;
mod controller;
pub mod greeter;
pub mod http_client;
pub mod peer;
pub mod relay;
pub mod reqwest;
pub mod tonic;

pub use self::controller::Controller;
