//! [`Deduplicate`]: an event that comes again is stopped.

mod seen;

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use super::{Middleware, Next, OptionError, OptionErrorKind, Step, Stop};
use crate::draft::Draft;
use crate::event::Event;
use crate::publish::Receipt;
use crate::sync::{Mutex, lock};

use seen::Seen;

/// Stops an event that was published before, within a window of time: one of the same source and id.
///
/// ```
/// use std::time::Duration;
/// use rem_core::Bus;
/// use rem_core::middleware::Deduplicate;
///
/// let bus = Bus::new();
/// bus.middleware("order.**", Deduplicate::within(Duration::from_secs(600))?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An id comes twice when its event was published elsewhere and is brought here by what delivers at least once, or when
/// a publisher tries again and gives the [id](crate::EventBuilder::id) that it gave before. An event without one gets an
/// id that no other has, so it is neither looked up nor remembered. What comes twice under two ids has to be told by
/// something else: see [`by`](Self::by).
///
/// An event is remembered while it is on its way, so that of two threads one publishes it, and stays so when it was
/// published. If it was not, for what stands behind this in the chain stopped it, or a queue was full, it is forgotten:
/// its publisher may try again. So let this come before what fails.
///
/// # Bounds
/// [`capacity`](Self::capacity) events are remembered, 65,536 unless told. When there are more within the window, the
/// oldest is forgotten before its time, and could come again: [`forgotten`](Self::forgotten) counts those. Each takes about
/// 70 bytes, however long its source or key is.
///
/// # Time
/// The window is measured by the bus's clock from when the first publish began. If somebody sets that back, what is
/// remembered stays so for as much longer: an event that comes again is never let pass for it.
///
/// # Cost
/// Nothing for an event whose id the bus has just made. For others two hashes of id and source, and a lock in which one
/// of them is looked up.
pub struct Deduplicate {
    window: Duration,
    by: By,
    /// Of two keys, so that two events have the same pair as seldom as two random ids are the same.
    hashers: [RandomState; 2],
    seen: Mutex<Seen>,
}

enum By {
    SourceAndId,
    Key(KeyHash),
}

/// What stands for what a function of the user's makes of an event.
type KeyHash = Box<dyn Fn(&Event, &[RandomState; 2]) -> Option<u128> + Send + Sync>;

impl Deduplicate {
    /// Stops what comes again earlier than so long after the first.
    ///
    /// # Errors
    /// A window of zero, in which nothing would ever come again.
    pub fn within(window: Duration) -> Result<Self, OptionError> {
        if window.is_zero() {
            let instead = "let it remember events for as long as one may come again";
            return Err(zero("a window", instead));
        }
        let hashers = [RandomState::new(), RandomState::new()];
        Ok(Self { window, by: By::SourceAndId, hashers, seen: Mutex::new(Seen::new(65_536)) })
    }

    /// How many events are remembered at the most.
    ///
    /// # Errors
    /// Room for none.
    pub fn capacity(mut self, events: usize) -> Result<Self, OptionError> {
        if events == 0 {
            return Err(zero(
                "a capacity",
                "let it remember as many events as come within the window",
            ));
        }
        self.seen = Mutex::new(Seen::new(events));
        Ok(self)
    }

    /// Compares what `key` makes of an event instead of source and id: the number of a request, for example. Events of
    /// which it makes `None` are not compared. It is called for every event; if it panics, the event is not published.
    #[must_use]
    pub fn by<K: Hash>(
        mut self,
        key: impl Fn(&Event) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        self.by = By::Key(Box::new(move |event, hashers| Some(print(hashers, &key(event)?))));
        self
    }

    /// How many events are remembered now, those included whose time is over and that nobody has looked at since.
    pub fn remembered(&self) -> usize {
        lock(&self.seen).len()
    }

    /// How many were forgotten before their time, for there was no room. If it grows, let the window be shorter, or the
    /// [`capacity`](Self::capacity) greater.
    pub fn forgotten(&self) -> u64 {
        lock(&self.seen).forgotten()
    }

    fn print(&self, event: &Event) -> Option<u128> {
        match &self.by {
            By::SourceAndId => Some(print(&self.hashers, &(event.source(), event.id()))),
            By::Key(print) => print(event, &self.hashers),
        }
    }
}

fn zero(option: &'static str, instead: &'static str) -> OptionError {
    OptionError::new("Deduplicate", OptionErrorKind::Zero { option, instead })
}

/// What stands for a key: as long as an id, and with keys of our own, so that nobody can make two keys of one print.
fn print(hashers: &[RandomState; 2], key: &impl Hash) -> u128 {
    let [high, low] = hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(key)));
    high << 64 | low
}

impl Middleware for Deduplicate {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        let new = matches!(self.by, By::SourceAndId) && !draft.has_known_id();
        Ok(if new { Step::Done } else { Step::Around })
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let Some(print) = self.print(draft) else { return next.run(draft) };
        let Some(place) = lock(&self.seen).claim(print, draft.began(), self.window) else {
            return Err(Stop::quietly());
        };
        let receipt = next.run(draft);
        if receipt.is_err() {
            lock(&self.seen).release(print, place);
        }
        receipt
    }
}

impl fmt::Debug for Deduplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each by itself: what is written to is the user's, and not to be met under the lock.
        f.debug_struct("Deduplicate")
            .field("window", &self.window)
            .field("remembered", &self.remembered())
            .field("forgotten", &self.forgotten())
            .finish_non_exhaustive()
    }
}
