//! [`Timestamp`], and the clock a bus reads: the system's, or one that a test turns by hand.

mod counter;

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::timers::Timers;

/// A moment, in nanoseconds since 1970-01-01 00:00 UTC without leap seconds; the years 1970 to 2554.
///
/// Written as RFC 3339 in UTC, `2013-01-01T10:17:00Z`, and read with any offset.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::Timestamp;
///
/// let left: Timestamp = "2013-01-01T05:17:00-05:00".parse()?;
/// assert_eq!(left.to_string(), "2013-01-01T10:17:00Z");
/// assert_eq!((left + Duration::from_secs(90)).since(left), Duration::from_secs(90));
/// # Ok::<(), rem_core::ParseTimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment so many nanoseconds after the beginning of 1970.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning of 1970.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Moments before 1970 become its beginning, those after 2554 the last that can be told.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        Self::UNIX_EPOCH + Duration::from_nanos(time.0)
    }
}

/// Stops at the last moment that can be told.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Stops at the beginning of 1970.
impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// As RFC 3339, with as many decimals as are needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&humantime::format_rfc3339(SystemTime::from(*self)), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |source| ParseTimestampError { text: text.into(), source };
        let out_of_range = || wrong(humantime::TimestampError::OutOfRange);
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).map_err(|_| out_of_range());
        let moment = |text: &str| {
            let time = humantime::parse_rfc3339(text).map_err(wrong)?;
            nanos(time.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| out_of_range())?)
        };
        let Some((local, east, offset)) = offset(text) else { return moment(text).map(Self) };
        let (local, offset) = (moment(&format!("{local}Z"))?, nanos(offset)?);
        let time = if east { local.checked_sub(offset) } else { local.checked_add(offset) };
        time.map(Self).ok_or_else(out_of_range)
    }
}

/// A time before its offset from UTC, whether that lies east, and how far: `…T10:17:00`, `false`, 4 h for
/// `…T10:17:00-04:00`.
fn offset(text: &str) -> Option<(&str, bool, Duration)> {
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, offset) = offset.split_at_checked(1)?;
    let (hours, minutes) = offset.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(sign, "+" | "-") || !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let offset = Duration::from_secs(60 * (60 * hours + minutes));
    (hours < 24 && minutes < 60).then_some((local, sign == "+", offset))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no moment.
#[derive(Debug, Clone)]
pub struct ParseTimestampError {
    text: Box<str>,
    source: humantime::TimestampError,
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, source } = self;
        write!(
            f,
            "`{text}` is not a time ({source}): write it as in 2013-01-01T10:17:00Z or …-05:00"
        )
    }
}

impl std::error::Error for ParseTimestampError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// What a bus asks for the time.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    System,
    /// The same, asked once in a while.
    Counter,
    Manual(ManualClock),
}

impl Default for Clock {
    fn default() -> Self {
        if counter::is_trusted() { Self::Counter } else { Self::System }
    }
}

impl Clock {
    #[inline]
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Counter => counter::now(),
            Self::System => SystemTime::now().into(),
            Self::Manual(clock) => clock.now(),
        }
    }
}

/// The clock of a bus: the system's, or the one of a test. What middleware reads by [`Next::clock`](crate::Next::clock), and a
/// [`History`](crate::History) that lets go by age. A clone is the same clock.
#[derive(Debug, Clone, Default)]
pub struct BusClock(pub(crate) Clock);

impl BusClock {
    /// What it shows: the system's time, or in a test what the test says. It can go backwards, when somebody sets it.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A clock that stands still until it is told to move; its clones are the same clock.
///
/// What a bus waits for by the clock (a task's retries and time limits) comes when it is moved there, in the thread that
/// moves it. For tests: see [`testing`](crate::testing).
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::testing::TestBus;
///
/// let test = TestBus::new();
/// let before = test.clock.now();
/// test.clock.advance(Duration::from_secs(3_600)); // what was to be tried again within the hour has been
/// assert_eq!(test.clock.now().since(before), Duration::from_secs(3_600));
/// ```
#[derive(Clone)]
pub struct ManualClock(Arc<Hands>);

struct Hands {
    nanos: AtomicU64,
    /// Those who wait for a time, one a bus.
    timers: Mutex<Vec<Weak<Timers>>>,
    /// Somebody waits, or does no longer.
    changed: Condvar,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: Timestamp) -> Self {
        let nanos = AtomicU64::new(start.as_nanos());
        Self(Arc::new(Hands { nanos, timers: Mutex::default(), changed: Condvar::new() }))
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.nanos.load(Ordering::Acquire))
    }

    /// Moves it forward.
    pub fn advance(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        // The closure never says no.
        let _ = self.0.nanos.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            Some(now.saturating_add(nanos))
        });
        self.moved();
    }

    /// Sets it, backwards too.
    pub fn set(&self, time: Timestamp) {
        self.0.nanos.store(time.as_nanos(), Ordering::Release);
        self.moved();
    }

    /// How many wait for a time that is still to come: a task before it tries again, a call that has a time limit.
    pub fn timers(&self) -> usize {
        let all: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        all.iter().map(|timers| timers.len()).sum()
    }

    /// Waits in this thread until so many wait for this clock, at most so long; whether they do. So a test knows that a
    /// task has come to where the clock has to be moved.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::testing::TestBus;
    ///
    /// let test = TestBus::new();
    /// assert!(!test.clock.wait_for_timers(1, Duration::from_millis(1)), "nobody waits for it");
    /// ```
    #[must_use = "whether they came says whether the clock may be moved"]
    pub fn wait_for_timers(&self, count: usize, limit: Duration) -> bool {
        let few = |held: &mut Vec<Weak<Timers>>| {
            let all: Vec<_> = held.iter().filter_map(Weak::upgrade).collect();
            all.iter().map(|timers| timers.len()).sum::<usize>() < count
        };
        let waited = self.0.changed.wait_timeout_while(self.lock(), limit, few);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Timers>>> {
        self.0.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody waits for this clock from now on.
    pub(crate) fn drive(&self, timers: &Arc<Timers>) {
        let mut all = self.lock();
        all.retain(|timers| timers.strong_count() > 0);
        all.push(Arc::downgrade(timers));
    }

    /// Those who wait are others now.
    pub(crate) fn changed(&self) {
        // Under the lock, so that nobody looks before and sleeps after.
        let _all = self.lock();
        self.0.changed.notify_all();
    }

    fn moved(&self) {
        let all: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        for timers in all {
            timers.fire(); // wakers, under no lock
        }
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, written) in [
            ("2013-01-01T10:17:00Z", "2013-01-01T10:17:00Z"),
            ("2013-01-01T10:17:00.000000001Z", "2013-01-01T10:17:00.000000001Z"),
            ("2019-05-15T11:20:07-04:00", "2019-05-15T15:20:07Z"),
            ("2019-05-15T00:20:07.5+05:30", "2019-05-14T18:50:07.500000000Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00Z"),
            ("2554-07-21T23:34:33.709551615Z", "2554-07-21T23:34:33.709551615Z"),
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(time.to_string(), written);
            assert_eq!(written.parse::<Timestamp>().unwrap(), time);
            assert_eq!(Timestamp::from(SystemTime::from(time)), time);
        }
    }

    #[test]
    fn what_is_no_time_is_an_error_with_its_text() {
        for text in [
            "",
            "now",
            "2013-01-01",
            "2013-13-01T00:00:00Z",
            "2013-01-01T10:17:00+24:00",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "2554-07-21T23:34:33-00:01",
            "9999-12-31T23:59:59Z",
            "€€",
            "-04:00",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn moments_stop_at_the_ends_of_what_can_be_told() {
        let (first, last) = (Timestamp::from_nanos(0), Timestamp::from_nanos(u64::MAX));
        assert_eq!(first - Duration::MAX, first);
        assert_eq!(last + Duration::from_secs(1), last);
        assert_eq!(first.since(last), Duration::ZERO);
        assert_eq!(Timestamp::from(SystemTime::UNIX_EPOCH - Duration::from_secs(9)), first);
    }

    #[test]
    fn it_tells_what_the_system_says_to_the_microsecond() {
        let clock = Clock::default();
        for _ in 0..200_000 {
            let before = Timestamp::from(SystemTime::now());
            let told = clock.now();
            let after = Timestamp::from(SystemTime::now());
            let (low, high) = (before.0 - 1_000, after.0 + 1_000);
            assert!((low..=high).contains(&told.0), "{told} between {before} and {after}");
        }
    }

    /// As long as nobody sets the system's clock, which nobody does in so short a time.
    #[test]
    fn it_does_not_go_back_in_a_thread() {
        let clock = Clock::default();
        let mut last = clock.now();
        for _ in 0..1_000_000 {
            let now = clock.now();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::at(Timestamp::from_nanos(5));
        let same = clock.clone();
        same.advance(Duration::from_nanos(2));
        assert_eq!(clock.now(), Timestamp::from_nanos(7));
        clock.set(Timestamp::from_nanos(1));
        assert_eq!(same.now(), Timestamp::from_nanos(1));
    }
}
