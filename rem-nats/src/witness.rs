//! [`Witness`]: that the server has taken all that was sent before, seen by its answer.
//!
//! The client's own flush is ready when the socket is written. So a question is sent behind what is to be flushed, to a subject that
//! nobody listens to, and the server says so at once. Where somebody listens to every subject, as who watches a server does, nobody
//! says anything: then a second connection of this node, the witness, listens too, and what reaches it has passed the server.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, Request, RequestErrorKind, Subscriber};
use futures_core::Stream;
use rem_mesh::TransportError;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::link::lost;
use crate::runtime::is_in_order;
use crate::shared::Shared;

/// How long nobody may say anything, before somebody is taken to listen.
const UNTIL_WITNESS: Duration = Duration::from_millis(500);

/// The second connection, once it is needed.
#[derive(Default)]
pub(crate) struct Witness {
    is_needed: AtomicBool,
    second: Mutex<Option<Second>>,
}

struct Second {
    client: Client,
    subject: String,
    heard: Subscriber,
    asked: u64,
}

impl Shared {
    /// Ready when the server has taken all that was sent before on that connection, and what it said to that is heard.
    pub(crate) async fn answered(
        self: &Arc<Self>,
        client: &Client,
        handle: &Handle,
        epoch: u64,
    ) -> Result<(), TransportError> {
        let answered = self.link.while_there(epoch, async {
            let patience = self.options.patience;
            tokio::time::timeout(patience, self.ask(client))
                .await
                .unwrap_or_else(|_| Err(self.silent()))
        });
        answered.await??;
        if !is_in_order(handle) {
            // What the server said before is told by another task, which has been woken before this one.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn ask(self: &Arc<Self>, client: &Client) -> Result<(), TransportError> {
        if !self.witness.is_needed.load(Ordering::Acquire) {
            let request =
                Request::new().timeout(Some(UNTIL_WITNESS.min(self.options.patience / 2)));
            let subject = format!("{}.flush", self.options.inbox_prefix);
            match client.send_request(subject, request).await {
                Ok(_) => return Ok(()),
                Err(error) => match error.kind() {
                    RequestErrorKind::NoResponders => return Ok(()),
                    RequestErrorKind::TimedOut => {}
                    _ => return Err(lost()),
                },
            }
        }
        let mut second = self.witness.second.lock().await;
        if second.is_none() {
            let mut made = Box::pin(self.second()).await?;
            // Its own is given to it too: when that comes, its subscription stands.
            let own = made.client.clone();
            made.sees(&own).await?;
            self.witness.is_needed.store(true, Ordering::Release);
            *second = Some(made);
        }
        match second.as_mut() {
            Some(second) => second.sees(client).await,
            None => Err(lost()),
        }
    }

    async fn second(self: &Arc<Self>) -> Result<Second, TransportError> {
        let client = self.connected(false).await?;
        let subject = client.new_inbox();
        let heard = client.subscribe(subject.clone()).await.map_err(|_| lost())?;
        Ok(Second { client, subject, heard, asked: 0 })
    }

    fn silent(&self) -> TransportError {
        let prefix = &self.options.inbox_prefix;
        let said = format!(
            "the server of NATS did not answer within {:?}: if it runs, see that this node may publish and subscribe to `{prefix}.>`",
            self.options.patience
        );
        TransportError::new(rem_mesh::TransportErrorKind::Disconnected, said)
    }
}

impl Second {
    /// Ready when what is sent by that client now has come here.
    async fn sees(&mut self, client: &Client) -> Result<(), TransportError> {
        self.asked += 1;
        let wanted = self.asked.to_string();
        client.publish(self.subject.clone(), wanted.clone().into()).await.map_err(|_| lost())?;
        loop {
            let next = poll_fn(|cx| Pin::new(&mut self.heard).poll_next(cx)).await;
            let came = next.ok_or_else(lost)?;
            if came.payload == wanted.as_bytes() {
                return Ok(());
            }
        }
    }
}
