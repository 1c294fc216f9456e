//! [`Streams`]: what a transport keeps for those who come later, and what it promises of it.

mod consumer;
mod reading;
mod spec;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use consumer::{Answer, ConsumerId, ConsumerSpec, Consuming, Delivery, Ticket};
pub use reading::{HistoryAsk, HistoryPage, StoredParcel};
pub use spec::{StreamSpec, StreamStart, StreamState};

use super::{Doing, Parcel, TransportError};

/// The second half of [`Streams::store`]: ready when the broker has acknowledged the parcel, or is known not to have.
///
/// It borrows nothing, so that many wait beside one another, in whatever order. Dropping it takes nothing back.
pub type Storing = Pin<Box<dyn Future<Output = Result<Stored, TransportError>> + Send>>;

/// What a broker acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The parcel's number in the stream; of a duplicate, that of the parcel which was there.
    pub sequence: u64,
    /// A parcel of that key was stored before, within the stream's window, and nothing was stored now.
    pub duplicate: bool,
}

/// The streams of a broker: bounded, numbered, kept for those who come later. What the levels *Durable* and *Replicated* of a mesh
/// need of a [`Transport`](super::Transport), which gives it by [`streams`](super::Transport::streams) if it has any. Those of a
/// server of NATS are such.
///
/// A *stream* keeps what is [stored](Self::store) to its subjects, each parcel under a number, until its limits let it go. A
/// *consumer* has a name in the stream, and the broker keeps how far it is: it gives each parcel that its filters select until
/// somebody says that it is handled. *History* is read in pages and changes nothing.
///
/// What one call asks for stands on the connection that there is. When that is lost, whatever was not answered is an error
/// of [`TransportErrorKind::Disconnected`](super::TransportErrorKind::Disconnected); what it asked for may have been done or not.
///
/// # What it promises
/// Each sentence is a clause of the `contract` (feature `testing`), behind those of [`Transport`](super::Transport).
///
/// 12. *Opened.* [`open`](Self::open) makes a stream that is not there. One that is there is taken as it is, if it keeps
///     all subjects that are asked for and its window is not shorter; otherwise it is refused, and the text names the difference. It says
///     what the stream really is, read back from the broker, and not what was asked for.
/// 13. *Stored.* What is acknowledged is kept, whole, under the number that the acknowledgement has. What one transport stores has
///     rising numbers in the order of its calls of [`store`](Self::store), as long as its connection lasts, however many of them wait.
///     What is called before a connection is lost, and not taken by then, is not stored on the next one.
///     Subscriptions to its subject are given it as if it had been [published](super::Transport::publish). A stream may keep, with no
///     key, what is published to its subjects too.
/// 14. *Once by key.* What is stored again under a key that was stored within the stream's window is acknowledged as a
///     [duplicate](Stored::duplicate), with the number of the first, and not kept again, whoever stores it and whatever it holds. It
///     is not given to consumers again; subscriptions may be given it again.
/// 15. *Refused stores.* What is too large is refused with [`TransportErrorKind::TooLarge`](super::TransportErrorKind::TooLarge); what
///     the named stream does not keep, and a stream that is not there, with
///     [`TransportErrorKind::Refused`](super::TransportErrorKind::Refused). Nothing is stored then, and what was stored beside it is not
///     harmed.
/// 16. *Consumed.* A consumer is given every parcel that one of its filters selects from its start on, once for all filters, whole, in the
///     order of the numbers, its own transport's parcels too. No more than its `in_flight` are given and not answered. If a delivery says
///     how many more [there are](Delivery::behind), then no fewer than the consumer is still to be given, and no more than the stream has.
/// 17. *Again until answered.* What is not answered within the time to answer is given again, with the next
///     [attempt](Delivery::attempt); so is what is answered by [`Answer::Again`], after that time. [`Answer::Working`] begins
///     the time anew. What is answered by [`Answer::Handled`] or [`Answer::Never`] is not given again when a
///     [flush](super::Transport::flush) behind the answer has succeeded.
/// 18. *Resumed.* A consumer that was [left](Self::leave), or whose transport is gone, goes on where it was when one of its name is asked
///     for, by whichever transport: what was not answered is given again, what was is not, and [`ConsumerSpec::start`] says nothing.
///     When a connection comes back, its consumers go on by themselves.
/// 19. *Started.* A consumer that is new begins where [`StreamStart`] says.
/// 20. *Shared.* Several transports that consume by one name share what it selects: each parcel is given to one of them.
/// 21. *Read.* [`read`](Self::read) gives what the stream keeps, in the order of the numbers, from the place asked for on, page by
///     page, also to who has no consumer. What the limits of the stream have let go is not there, and
///     [`StreamState::first`] says so: numbers below it are gone.
pub trait Streams: Send + Sync {
    /// Makes sure that there is such a stream.
    ///
    /// # Errors
    /// [`Refused`](super::TransportErrorKind::Refused) for one that is there and is not enough, or may not be made;
    /// [`Unsupported`](super::TransportErrorKind::Unsupported) for what the broker cannot do, with what that is and the version that can.
    fn open(&self, spec: StreamSpec) -> Doing<'_, StreamState>;

    /// What a stream is, and what it keeps now.
    ///
    /// # Errors
    /// [`Refused`](super::TransportErrorKind::Refused) for one that is not there.
    fn state(&self, stream: &str) -> Doing<'_, StreamState>;

    /// Stores a parcel in that stream, under a key by which it is known if it is stored again. The outer future is ready when the
    /// transport has taken it, so that the next call stands behind it; the inner one when the broker has acknowledged it. Who stores
    /// much keeps many waiting, and a bounded number.
    ///
    /// The key is 1 to 512 visible characters of ASCII.
    ///
    /// # Errors
    /// Of the outer future: nothing was sent. Of the inner one: the broker has refused it, and nothing was stored; or,
    /// with [`Disconnected`](super::TransportErrorKind::Disconnected), nobody knows: who stores it again uses the same key.
    /// A broker that has no room now is [`Full`](super::TransportErrorKind::Full).
    fn store(&self, stream: &str, parcel: Parcel, key: &str) -> Doing<'_, Storing>;

    /// Begins, or goes on, to consume. What comes is an [`Incoming::Delivery`](super::Incoming::Delivery) of the id that it gives.
    /// A transport consumes by one name once at a time.
    ///
    /// # Errors
    /// [`Refused`](super::TransportErrorKind::Refused) for a stream that is not there, a name that this transport consumes by
    /// already, and a consumer that is there with other filters and cannot be changed.
    fn consume(&self, spec: ConsumerSpec) -> Doing<'_, Consuming>;

    /// Consumes no more. The broker keeps how far it is. What was given and not read may come still, under the id that it had. What is
    /// not answered is given to others of the name, or to this one when it goes on, as soon as its time to answer is over. An id that is
    /// not known is no error.
    ///
    /// # Errors
    /// When the connection is lost: then it does not go on when it comes back.
    fn leave(&self, consumer: ConsumerId) -> Doing<'_, ()>;

    /// Forgets a consumer and how far it is; whether there was one.
    ///
    /// # Errors
    /// When the connection is lost, or it may not be forgotten.
    fn forget(&self, stream: &str, consumer: &str) -> Doing<'_, bool>;

    /// Answers a delivery. Ready when the transport has the answer; [`flush`](super::Transport::flush) is ready when the broker has it.
    /// An answer to what was answered, or is given again meanwhile, may count or not, and is no error.
    ///
    /// # Errors
    /// When the connection is lost: the delivery comes again.
    fn answer(&self, ticket: &Ticket, answer: Answer) -> Doing<'_, ()>;

    /// Reads what a stream keeps.
    ///
    /// # Errors
    /// [`Refused`](super::TransportErrorKind::Refused) for one that is not there.
    fn read(&self, ask: HistoryAsk) -> Doing<'_, HistoryPage>;
}

impl fmt::Debug for dyn Streams + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}
