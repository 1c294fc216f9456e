//! What JetStream, the half of the server that stores, is asked for, in its own words: JSON to subjects of its own.
//!
//! By hand and not by the client's own layer upon it, for that does not understand all that servers before 2.10 answer, and keeps
//! what it pulls in channels of its own, in no order with what becomes of the connection.

mod acks;
mod config;
mod consumer;
mod history;
mod meta;
mod streams;
mod window;

use std::fmt;

use async_nats::{Client, RequestErrorKind, ServerInfo};
use rem_mesh::{TransportError, TransportErrorKind};
use serde_json::Value;

use crate::link::lost;
use crate::server::unsupported;

pub(crate) use acks::Acks;
pub(crate) use consumer::Consumers;

/// What it says of a stream that is not there, of a consumer that is not, and of a name that is taken.
const NO_STREAM: u64 = 10_059;
const NO_CONSUMER: u64 = 10_014;
const NAME_TAKEN: u64 = 10_058;
/// That there is no message there.
const NO_MESSAGE: u64 = 10_037;
/// That there is no room, in memory or on disk, of an account or of the server, or by a limit of the stream.
const FULL: &[u64] = &[10_023, 10_028, 10_047, 10_054, 10_077, 10_122];

/// What JetStream answered that is an error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusal {
    code: u64,
    number: u64,
    said: String,
}

/// Why it did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failed {
    Refused(Refusal),
    Transport(TransportError),
}

impl Refusal {
    /// What an answer has of it.
    fn of(answer: &Value) -> Option<Self> {
        let error = answer.get("error")?;
        Some(Self {
            code: error["code"].as_u64().unwrap_or_default(),
            number: error["err_code"].as_u64().unwrap_or_default(),
            said: error["description"].as_str().unwrap_or("it says not why").into(),
        })
    }

    fn kind(&self) -> TransportErrorKind {
        match self.code {
            _ if FULL.contains(&self.number) => TransportErrorKind::Full,
            503 => TransportErrorKind::Disconnected, // nobody leads now
            _ => TransportErrorKind::Refused,
        }
    }

    /// Of what was asked for.
    fn told(&self, what: fmt::Arguments<'_>) -> TransportError {
        TransportError::new(self.kind(), format!("JetStream refuses {what}: {self}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (its error {})", self.said, self.number)
    }
}

impl Failed {
    fn is(&self, number: u64) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.number == number)
    }

    fn told(self, what: fmt::Arguments<'_>) -> TransportError {
        match self {
            Self::Refused(refusal) => refusal.told(what),
            Self::Transport(error) => error,
        }
    }
}

/// Asks it something; in the runtime, for it is not waited for without an end.
pub(crate) async fn ask(client: &Client, what: &str, body: Option<Value>) -> Result<Value, Failed> {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let fail = |kind, said: String| Failed::Transport(TransportError::new(kind, said));
    let answer = match client.request(format!("$JS.API.{what}"), body.into()).await {
        Ok(answer) => answer,
        Err(error) => {
            return Err(match error.kind() {
                RequestErrorKind::NoResponders => fail(
                    TransportErrorKind::Unsupported,
                    "nobody answers for JetStream: start the server with `-js`, and enable it for the account".into(),
                ),
                RequestErrorKind::TimedOut => fail(
                    TransportErrorKind::Disconnected,
                    format!("JetStream does not answer: is this node allowed to publish to `$JS.API.{what}`?"),
                ),
                _ => Failed::Transport(lost()),
            });
        }
    };
    let answer: Value = serde_json::from_slice(&answer.payload).map_err(|_| {
        fail(
            TransportErrorKind::Other,
            format!("what JetStream answers to `{what}` cannot be read"),
        )
    })?;
    match Refusal::of(&answer) {
        Some(refusal) => Err(Failed::Refused(refusal)),
        None => Ok(answer),
    }
}

/// Whether it is there, for this account.
pub(crate) async fn is_there(client: &Client, info: &ServerInfo) -> Result<(), TransportError> {
    match ask(client, "INFO", None).await {
        Ok(_) => Ok(()),
        Err(Failed::Transport(error)) if error.kind() != TransportErrorKind::Unsupported => {
            Err(error)
        }
        Err(Failed::Transport(error)) => {
            Err(unsupported(info, &format!("it has no JetStream for this node: {error}")))
        }
        Err(Failed::Refused(refusal)) => Err(unsupported(
            info,
            &format!(
                "it has no JetStream for this node ({refusal}): start it with `-js`, and enable it for the account"
            ),
        )),
    }
}
