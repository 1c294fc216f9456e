//! [`Tap`]: one subscription of the client, emptied at the moment something is put into it.
//!
//! The client gives each subscription a channel of its own, and drops what finds that full. So what came in one order would be read
//! in another, what was dropped would be told as an event that can be dropped too, and nobody could say which parcels came before
//! the connection was lost. But a channel wakes its reader where it is written to, once for each message: a reader whose waker
//! takes the message out at once takes it in the thread of the connection, in the order of the wire, and its channel is never full.
//! Should a later client wake elsewhere, nothing is lost by it but the order between subscriptions, and the contract finds that.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use async_nats::{Client, Message, Subscriber};
use futures_core::Stream;
use rem_mesh::__private::Turn;
use tokio::sync::Notify;

use crate::inbox::lock;

/// One subscription of the client, and where its messages go.
pub(crate) struct Tap {
    /// Until it is unsubscribed.
    subscriber: Mutex<Option<Subscriber>>,
    /// Who empties it.
    turn: Turn,
    takes: Box<dyn Fn(Message) + Send + Sync>,
    /// That nothing more will come.
    over: Notify,
}

impl Tap {
    /// What comes goes to `takes`, one at a time, from now on.
    pub(crate) fn open(
        subscriber: Subscriber,
        takes: impl Fn(Message) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let subscriber = Mutex::new(Some(subscriber));
        let (turn, takes, over) = (Turn::default(), Box::new(takes), Notify::new());
        let tap = Arc::new(Self { subscriber, turn, takes, over });
        tap.empty();
        tap
    }

    /// Takes nothing any more; what it was subscribed by. Without this it keeps itself.
    pub(crate) fn shut(&self) -> Option<Subscriber> {
        lock(&self.subscriber).take()
    }

    /// Unsubscribes, and takes what the server has sent before it knew: ready when that has all come. `client`: whose it is.
    pub(crate) async fn drain(&self, client: &Client) {
        loop {
            let told = {
                let mut slot = lock(&self.subscriber);
                let Some(subscriber) = slot.as_mut() else { return };
                // Not awaited while it is locked: it waits only where the client is told more than it can take.
                pin!(subscriber.drain()).poll(&mut Context::from_waker(Waker::noop()))
            };
            match told {
                Poll::Ready(Ok(())) => return self.over.notified().await,
                Poll::Ready(Err(_)) => return, // the connection is lost
                // The client can be told no more now: waits behind all that it is told already, and tries again.
                Poll::Pending => {
                    if client.flush().await.is_err() {
                        return; // it is lost too
                    }
                }
            }
        }
    }

    fn empty(self: &Arc<Self>) {
        self.turn.call(|| {
            let waker = Waker::from(Arc::clone(self));
            while let Some(message) = self.next(&waker) {
                (self.takes)(message);
            }
        });
    }

    fn next(&self, waker: &Waker) -> Option<Message> {
        let mut slot = lock(&self.subscriber);
        let subscriber = slot.as_mut()?;
        // It is not this task whose budget is to be used up.
        let next =
            tokio::task::unconstrained(poll_fn(|cx| Pin::new(&mut *subscriber).poll_next(cx)));
        match pin!(next).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(Some(message)) => Some(message),
            Poll::Ready(None) => {
                self.over.notify_one();
                None
            }
            Poll::Pending => None,
        }
    }
}

impl Wake for Tap {
    fn wake(self: Arc<Self>) {
        self.empty();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.empty();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use async_nats::ConnectOptions;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    /// A server that lets everybody in and answers pings, and nothing else. Its port.
    pub(crate) fn server() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                thread::spawn(|| serve(client));
            }
        });
        port
    }

    fn serve(mut client: TcpStream) -> std::io::Result<()> {
        let info = r#"{"server_id":"x","version":"2.10.0","host":"127.0.0.1","port":1,"headers":true,"max_payload":1048576,"proto":1}"#;
        write!(client, "INFO {info}\r\n")?;
        let lines = BufReader::new(client.try_clone()?).lines();
        for line in lines {
            if line? == "PING" {
                client.write_all(b"PONG\r\n")?;
            }
        }
        Ok(())
    }

    /// What runs in it runs only while the test waits for something in it.
    pub(crate) fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// A client that can be told so much and not have it done.
    pub(crate) async fn connected(port: u16, capacity: usize) -> Client {
        let options = ConnectOptions::new().client_capacity(capacity);
        options.connect(format!("nats://127.0.0.1:{port}")).await.unwrap()
    }

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn who_drains_sleeps_until_the_client_can_be_told() {
        let runtime = runtime();
        let (client, tap) = runtime.block_on(async {
            let client = connected(server(), 1).await;
            let subscriber = client.subscribe("a").await.unwrap();
            client.flush().await.unwrap();
            (client, Tap::open(subscriber, |_| {}))
        });
        // The client does nothing now, and is told until it can be told no more.
        let mut noop = Context::from_waker(Waker::noop());
        let mut is_full = |_| pin!(client.publish("b", "".into())).poll(&mut noop).is_pending();
        assert!((0..100).any(&mut is_full), "its room has a limit");
        let woken = Arc::new(Counting::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut drained = pin!(tap.drain(&client));
        assert!(drained.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(woken.0.load(Ordering::SeqCst), 0, "nothing has changed since");
        // It goes on as soon as the client does.
        runtime.block_on(drained);
    }
}
