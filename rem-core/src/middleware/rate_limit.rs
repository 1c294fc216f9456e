//! [`RateLimit`]: no more events than so many in a time.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::Add;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

use super::{Middleware, Next, OptionError, OptionErrorKind, Step, Stop};
use crate::clock::Timestamp;
use crate::draft::Draft;
use crate::publish::Receipt;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Lets no more events pass than so many in a time; what is too much is stopped, and the publisher's receipt says so.
///
/// ```
/// use std::time::Duration;
/// use rem_core::Bus;
/// use rem_core::middleware::RateLimit;
///
/// let bus = Bus::new();
/// bus.middleware("sensor.**", RateLimit::new(100, Duration::from_secs(1))?)?;
/// // At most three mails at once, and one a minute in the long run; whoever publishes more is told by an error.
/// let mails = RateLimit::new(1, Duration::from_secs(60))?.burst(3)?.refusing();
/// bus.middleware("mail.sent", mails)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// All topics of its pattern share one limit, and all threads; for a limit each, add it once for each topic. It is a leaky
/// bucket (GCRA, by the crate governor): so many may come at once, and room for one comes back after each share of the time.
///
/// # Time
/// By the bus's clock. If somebody sets that back by more than a second, it goes on from there as if all room were used up:
/// the first event passes after the share of one. A smaller step back is waited out. Set forward, it gives all room back.
///
/// # Cost
/// An atomic exchange, which publishers in many threads share, and no look at the clock. It keeps one number.
pub struct RateLimit {
    limiter: Limiter,
    events: u32,
    per: Duration,
    /// How many may come at once.
    burst: NonZeroU32,
    refuses: bool,
    /// By how much what the limiter takes for the time is ahead of the bus's clock, in nanoseconds: as much as that was set
    /// back.
    ahead: AtomicU64,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Told, NoOpMiddleware<Moment>>;

/// What no honest clock goes back by.
const SET_BACK: Duration = Duration::from_secs(1);
/// The shortest share of one event: so the rate is what was asked for, to a hundredth.
const SHORTEST: Duration = Duration::from_nanos(100);
const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

impl RateLimit {
    /// So many events in that time, all of which may come at once.
    ///
    /// # Errors
    /// No events or no time; more than ten million a second; and a time above a century.
    pub fn new(events: u32, per: Duration) -> Result<Self, OptionError> {
        let Some(burst) = NonZeroU32::new(events) else {
            return Err(zero("a rate", "use `filter` to let nothing pass"));
        };
        if per.is_zero() {
            return Err(zero("a time", "write the time in which so many events may pass"));
        }
        Self::with(events, per, burst)
    }

    /// How many may come at once, if not as many as in the whole time.
    ///
    /// # Errors
    /// None; and so many that they take more than a century.
    pub fn burst(self, events: u32) -> Result<Self, OptionError> {
        let Some(burst) = NonZeroU32::new(events) else {
            return Err(zero("a burst", "let at least one pass at a time"));
        };
        Ok(Self { refuses: self.refuses, ..Self::with(self.events, self.per, burst)? })
    }

    /// Refuses what is too much, instead of stopping it: the publisher gets an error that says when there is room again, and
    /// the event back.
    #[must_use]
    pub fn refusing(mut self) -> Self {
        self.refuses = true;
        self
    }

    fn with(events: u32, per: Duration, burst: NonZeroU32) -> Result<Self, OptionError> {
        let wrong = || OptionError::new("RateLimit", OptionErrorKind::Rate { events, per });
        let share = per / events;
        if share < SHORTEST || share.checked_mul(burst.get()).is_none_or(|all| all > CENTURY) {
            return Err(wrong());
        }
        let quota = Quota::with_period(share).ok_or_else(wrong)?.allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, Told);
        Ok(Self { limiter, events, per, burst, refuses: false, ahead: AtomicU64::new(0) })
    }

    /// Whether there is room for one at that time; if not, when.
    fn ask(&self, now: Timestamp) -> Result<(), Full> {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let now = Moment(now.as_nanos().saturating_add(ahead).min(LAST));
        NOW.set(now);
        self.limiter.check().map_err(|until| Full { until, now, ahead })
    }

    /// How long it takes until there is room, for one who was told that there is none just now.
    fn wait(&self, full: &Full) -> Duration {
        let wait = full.until.wait_time_from(full.now);
        // Nobody has to wait longer than the share of one, unless the clock was set back.
        let share = self.per / self.events;
        let back = wait.saturating_sub(share);
        if back < SET_BACK {
            return wait;
        }
        let further = full.ahead.saturating_add(u64::try_from(back.as_nanos()).unwrap_or(u64::MAX));
        // Whoever else sees it does the same.
        let (set, seen) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.ahead.compare_exchange(full.ahead, further, set, seen);
        share
    }
}

fn zero(option: &'static str, instead: &'static str) -> OptionError {
    OptionError::new("RateLimit", OptionErrorKind::Zero { option, instead })
}

/// There is no room.
struct Full {
    until: NotUntil<Moment>,
    /// What was taken for the time.
    now: Moment,
    ahead: u64,
}

impl Middleware for RateLimit {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        Ok(if self.ask(draft.began()).is_ok() { Step::Done } else { Step::Around })
    }

    /// There was no room when the publish began. The clock says whether that was long ago.
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let Err(full) = self.ask(next.clock().now()) else { return next.run(draft) };
        let wait = self.wait(&full);
        if self.refuses {
            let Self { events, per, .. } = self;
            return Err(Stop::failed(format!(
                "more than {events} events in {per:?}; publish again in {wait:?}"
            )));
        }
        Err(Stop::quietly())
    }
}

thread_local! {
    /// The limiter asks a clock of its own for the time, and is to be told by the bus's.
    static NOW: Cell<Moment> = const { Cell::new(Moment(0)) };
}

/// The last moment, with room for a century behind it.
const LAST: u64 = u64::MAX - 2 * 3_162_240_000_000_000_000;

/// The clock of the limiter: what this thread was told last.
#[derive(Debug, Clone, Copy)]
struct Told;

impl Clock for Told {
    type Instant = Moment;

    fn now(&self) -> Moment {
        NOW.get()
    }
}

/// Nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(self.0.saturating_add(nanos.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, nanos: Nanos) -> Self {
        Self(self.0.checked_sub(nanos.as_u64()).unwrap_or(self.0))
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("events", &self.events)
            .field("per", &self.per)
            .field("burst", &self.burst)
            .field("refuses", &self.refuses)
            .finish_non_exhaustive()
    }
}
