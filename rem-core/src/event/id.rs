//! [`EventId`]: a UUID version 7 (RFC 9562), and where ids come from.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;

/// The identity of an event: a UUID version 7, so ids sort roughly by time of publishing, exactly within one thread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(Uuid);

impl EventId {
    /// Of no event.
    pub(crate) const NIL: Self = Self(Uuid::nil());

    /// The UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl From<Uuid> for EventId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl From<EventId> for Uuid {
    fn from(id: EventId) -> Self {
        id.0
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Where a bus takes its ids from.
#[derive(Debug, Default)]
pub(crate) enum Ids {
    /// Random ones, as they should be.
    #[default]
    Random,
    /// 1, 2, 3 … in the random part, for tests that compare text.
    Fixed(AtomicU64),
}

impl Ids {
    pub(crate) fn fixed() -> Self {
        Self::Fixed(AtomicU64::new(1))
    }

    #[inline]
    pub(crate) fn next(&self, now: Timestamp) -> NewId {
        let millis = now.as_nanos() / 1_000_000;
        match self {
            Self::Random => random(millis),
            Self::Fixed(next) => version_7(0, 0, next.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// What a thread needs to make ids without asking anybody: its generator's state, and the last id.
#[derive(Clone, Copy)]
struct Last {
    /// 0 before the first id.
    seed: u64,
    millis: u64,
    /// The 12 bits before the variant: random in each millisecond.
    high: u16,
    /// The 62 bits after it: random in each millisecond, and counting on within it.
    low: u64,
}

thread_local! {
    static LAST: Cell<Last> = const { Cell::new(Last { seed: 0, millis: 0, high: 0, low: 0 }) };
}

/// An id in two words, which stay in registers until it is written where it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NewId(u64, u64);

impl From<NewId> for EventId {
    fn from(NewId(high, low): NewId) -> Self {
        Self(Uuid::from_u64_pair(high, low))
    }
}

/// A new id. Each thread counts on from a random start within a millisecond (RFC 9562, section 6.2, method 2), by
/// random steps of at most 2^32: ids of one thread are ordered, and those of two meet as seldom as random ones would.
#[inline]
fn random(millis: u64) -> NewId {
    let mut last = LAST.get();
    if last.seed == 0 {
        last.seed = entropy();
    }
    let random = split_mix(&mut last.seed);
    // A clock that goes backwards must not turn the order round.
    if millis > last.millis {
        last.millis = millis;
        last.high = (random >> 48) as u16;
        // Of 62 bits the highest is left clear, so that there is room to count on.
        last.low = split_mix(&mut last.seed) >> 3;
    } else {
        last.low += 1 + (random >> 32);
        if last.low >= 1 << 62 {
            // A clock that stands still for long: on with the next millisecond, before it comes.
            last.millis += 1;
            last.low = split_mix(&mut last.seed) >> 3;
        }
    }
    LAST.set(last);
    version_7(last.millis, last.high, last.low)
}

/// The system's, once a thread; never 0.
#[cold]
fn entropy() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    (high ^ low.rotate_left(32)) | 1
}

/// RFC 9562, section 5.7: 48 bits of time, the version, 12 bits of `high`, the variant, 62 bits of `low`. In two words, not
/// byte by byte as uuid's builder does it; a test compares the two.
fn version_7(millis: u64, high: u16, low: u64) -> NewId {
    let first = millis << 16 | 0x7000 | u64::from(high & 0xfff);
    NewId(first, 1 << 63 | low & (u64::MAX >> 2))
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and good enough for what need not be secret.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_version_7_and_carry_the_time() {
        let id = EventId::from(random(1_357_000_000_123));
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        let bytes = id.as_uuid().as_u128();
        assert_eq!(bytes >> 80, 1_357_000_000_123);
    }

    #[test]
    fn two_words_are_what_the_builder_makes_of_bytes() {
        for (millis, high, low) in [
            (0, 0, 0),
            (1_357_000_000_123, 0xabcd, 0x0123_4567_89ab_cdef),
            ((1 << 48) - 1, u16::MAX, u64::MAX),
        ] {
            let mut random = [0; 10];
            random[..2].copy_from_slice(&high.to_be_bytes());
            random[2..].copy_from_slice(&low.to_be_bytes());
            let built = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
            assert_eq!(EventId::from(version_7(millis, high, low)).as_uuid(), &built);
        }
    }

    #[test]
    fn ids_of_a_thread_are_ordered_whatever_the_clock_does() {
        let clock = [5, 5, 5, 9, 2, 2, 9, 10, 1];
        let ids: Vec<_> = clock.iter().cycle().take(10_000).map(|&millis| random(millis)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn ids_of_a_clock_that_stands_still_run_over_into_the_next_millisecond() {
        let full = Last { seed: 1, millis: 5, high: 0xfff, low: (1 << 62) - 1 };
        LAST.set(full);
        let last = version_7(full.millis, full.high, full.low);
        let next = random(5);
        assert!(next > last, "{next:?} after {last:?}");
        assert_eq!(EventId::from(next).as_uuid().as_u128() >> 80, 6);
    }

    #[test]
    fn ids_of_threads_differ() {
        let make = || std::thread::spawn(|| (0..10_000).map(|_| random(7)).collect::<Vec<_>>());
        let threads: Vec<_> = (0..4).map(|_| make()).collect();
        let ids: HashSet<_> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 40_000);
    }

    #[test]
    fn fixed_ids_count() {
        let ids = Ids::fixed();
        let now = Timestamp::from_nanos(1);
        let next = || EventId::from(ids.next(now)).to_string();
        assert_eq!(next(), "00000000-0000-7000-8000-000000000001");
        assert_eq!(next(), "00000000-0000-7000-8000-000000000002");
    }
}
