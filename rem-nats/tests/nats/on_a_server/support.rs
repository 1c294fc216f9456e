//! Ends of a connection, in the hands of a test.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rem_mesh::{FilterId, Incoming, Parcel, Subject, SubjectFilter, Transport, TransportError};
use rem_nats::testing::{Server, Version};
use rem_nats::{NatsBuilder, NatsTransport};

/// How long something that must come may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// On both servers, one after the other; which of them it was stands in the panic.
pub(crate) fn on_both(test: impl Fn(Version)) {
    for version in Version::ALL {
        println!("on nats-server {}", version.number());
        test(version);
    }
}

/// What it gives, in this thread and with no runtime around it.
pub(crate) fn wait<T>(doing: impl Future<Output = T>) -> T {
    within(LIMIT, doing).expect("it takes longer than it may")
}

/// What it gives within that time.
pub(crate) fn within<T>(limit: Duration, doing: impl Future<Output = T>) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut doing = pin!(doing);
    let until = Instant::now() + limit;
    loop {
        if let Poll::Ready(done) = doing.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

/// An end that is quick to see that its connection is gone.
pub(crate) fn builder(url: &str) -> NatsBuilder {
    NatsTransport::builder(url).ping_interval(Duration::from_millis(200))
}

/// Connected.
pub(crate) fn connected(builder: NatsBuilder) -> NatsTransport {
    let transport = builder.build().unwrap();
    wait(transport.connect()).unwrap();
    transport
}

/// Connected to that server.
pub(crate) fn to(server: &Server) -> NatsTransport {
    connected(builder(&server.url()))
}

pub(crate) fn parcel(subject: &str, body: impl Into<Vec<u8>>) -> Parcel {
    Parcel::new(Subject::parse(subject).unwrap()).with_body(body.into())
}

pub(crate) fn filter(text: &str) -> SubjectFilter {
    SubjectFilter::parse(text).unwrap()
}

/// Subscribed, and flushed.
pub(crate) fn ask(transport: &NatsTransport, text: &str) -> FilterId {
    let id = wait(transport.subscribe(filter(text), None)).unwrap();
    wait(transport.flush()).unwrap();
    id
}

pub(crate) fn publish(
    transport: &NatsTransport,
    subject: &str,
    body: impl Into<Vec<u8>>,
) -> Result<(), TransportError> {
    wait(transport.publish(parcel(subject, body)))
}

pub(crate) fn next(transport: &NatsTransport) -> Incoming {
    wait(poll_fn(|cx| transport.poll_incoming(cx)))
}

/// What has come within that time, if anything.
pub(crate) fn next_within(transport: &NatsTransport, limit: Duration) -> Option<Incoming> {
    within(limit, poll_fn(|cx| transport.poll_incoming(cx)))
}
