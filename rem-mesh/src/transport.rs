//! [`Transport`]: what carries parcels between processes, and what it promises.

mod capabilities;
mod error;
mod parcel;
mod streams;
mod subject;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use rem_core::Spawner;

pub use capabilities::Capabilities;
pub use error::{TransportError, TransportErrorKind};
pub use parcel::Parcel;
pub use streams::{
    Answer, ConsumerId, ConsumerSpec, Consuming, Delivery, HistoryAsk, HistoryPage, Stored,
    StoredParcel, Storing, StreamSpec, StreamStart, StreamState, Streams, Ticket,
};
pub use subject::{Subject, SubjectError, SubjectFilter};

/// A future that a [`Transport`] gives: boxed, so that the trait has objects, and of no runtime, so that any can await it.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, TransportError>> + Send + 'a>>;

/// What carries parcels between processes: a connection to a broker, or to peers. A mesh needs nothing else of the network, so
/// that it is tested with none: [`memory`](crate::memory) is a transport too.
///
/// It has objects: each of its futures costs an allocation, which is little beside a write to a socket. None of them may need
/// a runtime around it: a transport that needs one brings it (its `Handle`), and lets what it does run there. What comes is polled
/// for, by one reader, in one order with what becomes of the connection, so that a reader knows which parcels came before it
/// was lost. Where a channel of the transport's own stands behind [`poll_incoming`](Self::poll_incoming), it has to be bounded.
///
/// # What it promises
/// Each sentence is a clause of the `contract` (feature `testing`), which every transport has to pass.
///
/// 1. *Stands when flushed.* When [`flush`](Self::flush) has succeeded, what was subscribed before it stands: every parcel that
///    another transport publishes from then on arrives. It takes a round trip to the broker; that the socket is written is not
///    enough.
/// 2. *In order.* The parcels of one transport arrive at one other in the order in which they were published, as long as
///    the connections of both last. Across publishers there is no order.
/// 3. *Only what is asked.* Nothing arrives that no filter of this transport selects. Once for each filter that selects it: two
///    filters that both do may give it twice, which are one event with one id.
/// 4. *Unsubscribed.* When a flush after [`unsubscribe`](Self::unsubscribe) has succeeded, nothing more that is published arrives
///    by that filter.
/// 5. *No echo.* If [`Capabilities::no_echo`] says so, a transport is not given what it published itself.
/// 6. *Whole.* Subject, headers in their order and body arrive as they were published.
/// 7. *Limits.* What is larger than [`Capabilities::max_payload`] is refused with [`TransportErrorKind::TooLarge`], and harms
///    nothing else. What is larger than its [reader takes](Self::at_most) arrives, whole or without its body, and in its turn.
/// 8. *Loss is told.* What it had for its reader and let go is an [`Incoming::Lagged`]; that the connection was lost is a
///    [`Incoming::Disconnected`], in the place where it was.
/// 9. *Comes back.* It connects again by itself. When [`Incoming::Connected`] comes, everything that was subscribed and not
///    unsubscribed stands again. What others published meanwhile is gone.
/// 10. *Groups.* If [`Capabilities::groups`] says so, of the filters with one subject and one group, whosever they are, one is
///     given each parcel.
/// 11. *Closed.* After [`close`](Self::close) nothing arrives but [`Incoming::Closed`], which comes each time, and all else is
///     refused with [`TransportErrorKind::Closed`].
///
/// It does not promise that what was published arrives: `Ok` of [`publish`](Self::publish) means that the transport has it. What a
/// broker acknowledges and keeps is a matter of [`Streams`], with clauses of its own.
pub trait Transport: Send + Sync + 'static {
    /// Its reader takes no parcel with more bytes, headers and body, and looks at none of them: what is larger may be given
    /// [without its body](Parcel::without_body), so that it takes no room where it waits for its turn. Called before
    /// [`connect`](Self::connect). Of what comes by [`subscribe`](Self::subscribe) alone. Unless told, nothing is done about it.
    fn at_most(&self, bytes: usize) {
        let _ = bytes;
    }

    /// Connects, and says what there is to be had. Called once, before everything else.
    ///
    /// # Errors
    /// When nobody answers or what answers is not enough: then nothing is left of it.
    fn connect(&self) -> Doing<'_, Capabilities>;

    /// Whether it is connected now, as far as it knows.
    fn is_connected(&self) -> bool;

    /// Takes a parcel, to be sent in its turn. The future is ready when the transport has it.
    ///
    /// # Errors
    /// Nothing of it was sent: it is [too large](TransportErrorKind::TooLarge), the connection is
    /// [lost](TransportErrorKind::Disconnected), or the transport is closed. A transport that keeps what is published while it
    /// connects again keeps a bounded number.
    fn publish(&self, parcel: Parcel) -> Doing<'_, ()>;

    /// Asks for what a filter selects; with a group, for a share of it. It stands when a [flush](Self::flush) has succeeded.
    ///
    /// # Errors
    /// When it may not be asked for, groups are not to be had, or the connection is lost: then it is not asked for.
    fn subscribe(&self, filter: SubjectFilter, group: Option<&str>) -> Doing<'_, FilterId>;

    /// Asks for it no more. An id that is not known is no error.
    ///
    /// # Errors
    /// When the connection is lost: then it is not asked for when it comes back.
    fn unsubscribe(&self, filter: FilterId) -> Doing<'_, ()>;

    /// Ready when all that was subscribed, unsubscribed and published before has reached the broker.
    ///
    /// # Errors
    /// When the connection was lost, or no answer came in time.
    fn flush(&self) -> Doing<'_, ()>;

    /// What has come: a parcel, or what became of the connection. One reads at a time; who polls last is woken.
    fn poll_incoming(&self, cx: &mut Context<'_>) -> Poll<Incoming>;

    /// Ends it: what was published is sent, then the connection is let go. More than once is as once.
    ///
    /// # Errors
    /// When what was published may not have been sent. It is closed all the same.
    fn close(&self) -> Doing<'_, ()>;

    /// Who writes to the connection, if it runs tasks: from [`connect`](Self::connect) on, what a mesh sends is prepared there, unless
    /// [its builder](crate::MeshBuilder::spawner) says otherwise. So an event wakes one thread less on its way, and those that wait
    /// are written together. The user's `Serialize` runs there too. Unless told, there is none, and the mesh has a thread of its own.
    fn spawner(&self) -> Option<Box<dyn Spawner>> {
        None
    }

    /// What it keeps for those who come later, if it can: whether the broker that answered does is said by
    /// [`Capabilities::streams`]. Unless told, it keeps nothing.
    fn streams(&self) -> Option<&dyn Streams> {
        None
    }
}

/// Names a filter that was subscribed, among those of its transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(pub u64);

/// What a transport has to tell its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// A parcel has arrived, by one of the filters.
    Parcel(Parcel, FilterId),
    /// A consumer of a stream is given a parcel, and has to answer.
    Delivery(Box<Delivery>),
    /// It is connected again, and what was subscribed and consumed stands.
    Connected(Capabilities),
    /// The connection is lost. What was published shortly before may be lost, and so is what others publish until it is back.
    Disconnected(Box<str>),
    /// So many parcels had arrived and were let go, for the reader was too slow; `None` if nobody counted them.
    Lagged(Option<u64>),
    /// It is closed, and nothing more comes.
    Closed,
}

impl fmt::Debug for dyn Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("is_connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
