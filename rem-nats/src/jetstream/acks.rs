//! [`Acks`]: what was stored and is not acknowledged, and whom to tell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use async_nats::{Client, Message};
use rem_mesh::{Stored, TransportError, TransportErrorKind};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::oneshot;

use super::Refusal;
use crate::inbox::lock;
use crate::link::lost;
use crate::shared::Shared;
use crate::tap::Tap;

/// How often it looks for what was not acknowledged in time.
const LOOK_FOR_LATE: Duration = Duration::from_secs(1);

/// What comes of storing; `None` if nobody heard it.
pub(super) type Acked = Option<Result<Stored, TransportError>>;

/// What was stored and is not acknowledged. Each has a number, which is the last token of the subject to answer to.
#[derive(Default)]
pub(crate) struct Acks {
    inside: Mutex<Inside>,
    /// What stands before the number.
    inbox: OnceLock<String>,
    /// Of the connection that there is.
    tap: Mutex<Option<Arc<Tap>>>,
}

#[derive(Default)]
struct Inside {
    last: u64,
    waiting: HashMap<u64, (Instant, oneshot::Sender<Acked>)>,
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<Value>,
}

impl Acks {
    /// Acknowledgements come by that client from now on.
    pub(crate) async fn listen(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        client: &Client,
    ) -> Result<(), TransportError> {
        let is_first = self.inbox.get().is_none();
        let inbox = self.inbox.get_or_init(|| client.new_inbox());
        let subscriber = client.subscribe(format!("{inbox}.*")).await.map_err(|_| lost())?;
        let acks = Arc::clone(self);
        let tap = Tap::open(subscriber, move |message| acks.came(&message));
        let before = lock(&self.tap).replace(tap);
        drop(before.and_then(|tap| tap.shut()));
        if is_first {
            let (shared, patience) = (Arc::downgrade(shared), shared.options.patience);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(LOOK_FOR_LATE).await;
                    match shared.upgrade().filter(|shared| !shared.link.is_closed()) {
                        Some(shared) => shared.acks.late(patience),
                        None => return,
                    }
                }
            });
        }
        Ok(())
    }

    /// What stands before the number in a subject by which something stored is acknowledged.
    pub(super) fn inbox(&self) -> &str {
        self.inbox.get().map_or("", String::as_str)
    }

    /// Nothing is acknowledged any more.
    pub(crate) fn end(&self) {
        let tap = lock(&self.tap).take();
        drop(tap.and_then(|tap| tap.shut()));
        self.lost();
    }

    /// Whoever waits for this number.
    pub(super) fn wait(&self) -> (u64, oneshot::Receiver<Acked>) {
        let (tell, told) = oneshot::channel();
        let mut inside = lock(&self.inside);
        inside.last += 1;
        let number = inside.last;
        inside.waiting.insert(number, (Instant::now(), tell));
        (number, told)
    }

    pub(super) fn forget(&self, number: u64) {
        lock(&self.inside).waiting.remove(&number);
    }

    /// An answer has come.
    fn came(&self, message: &Message) {
        let number = message.subject.rsplit('.').next().and_then(|token| token.parse().ok());
        let Some(number) = number else { return };
        let waiting = lock(&self.inside).waiting.remove(&number);
        if let Some((_, tell)) = waiting {
            // Who waited may have gone.
            let _ = tell.send(read(message));
        }
    }

    /// What was not answered is not answered any more: nobody knows what became of it.
    pub(crate) fn lost(&self) {
        let all = std::mem::take(&mut lock(&self.inside).waiting);
        for (_, tell) in all.into_values() {
            let _ = tell.send(Some(Err(lost())));
        }
    }

    /// The same for what has waited so long.
    fn late(&self, patience: Duration) {
        let now = Instant::now();
        let is_late =
            |_: &u64, (since, _): &mut (Instant, _)| now.duration_since(*since) > patience;
        let late: Vec<_> = lock(&self.inside).waiting.extract_if(is_late).collect();
        for (_, (_, tell)) in late {
            let said = format!(
                "JetStream has not acknowledged within {patience:?}: nobody knows whether it is stored"
            );
            let error = TransportError::new(TransportErrorKind::Disconnected, said);
            let _ = tell.send(Some(Err(error)));
        }
    }
}

fn read(message: &Message) -> Acked {
    if message.status.is_some_and(|status| status.as_u16() == 503) {
        return None;
    }
    let ack: Ack = match serde_json::from_slice(&message.payload) {
        Ok(ack) => ack,
        Err(error) => {
            let said = "what JetStream acknowledges cannot be read";
            return Some(Err(TransportError::with_source(TransportErrorKind::Other, said, error)));
        }
    };
    Some(match ack.error {
        None => Ok(Stored { sequence: ack.seq, duplicate: ack.duplicate }),
        Some(error) => {
            let refusal = Refusal::of(&serde_json::json!({ "error": error })).unwrap_or_default();
            Err(refusal.told(format_args!("to store a parcel")))
        }
    })
}
