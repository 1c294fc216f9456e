//! [`EventId`]: a UUID version 7 (RFC 9562), and where ids come from.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::clock::Timestamp;

/// The identity of an event: a UUID version 7, so ids sort roughly by time of publishing, exactly within one thread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(Uuid);

impl EventId {
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

    pub(crate) fn next(&self, now: Timestamp) -> EventId {
        let millis = now.as_nanos() / 1_000_000;
        match self {
            Self::Random => random(millis),
            Self::Fixed(next) => version_7(0, u128::from(next.fetch_add(1, Ordering::Relaxed))),
        }
    }
}

/// How many of a version 7 id's bits are ours beside the time: 12 before the variant, 62 after it.
const RANDOM_BITS: u32 = 74;

/// What a thread needs to make ids without asking anybody: the generator's state and the last id's two parts.
#[derive(Clone, Copy)]
struct Last {
    seed: u64,
    millis: u64,
    random: u128,
}

thread_local! {
    static LAST: Cell<Option<Last>> = const { Cell::new(None) };
}

/// A new id. Each thread counts on from a random start within a millisecond (RFC 9562, section 6.2, method 2), by
/// steps of at most 2^32 that are random too: ids of one thread are ordered, and two threads meet with the
/// probability that random ones would.
fn random(millis: u64) -> EventId {
    let mut last = LAST.get().unwrap_or_else(|| Last {
        // The system's entropy, once a thread.
        seed: Uuid::new_v4().as_u64_pair().1 ^ Uuid::new_v4().as_u64_pair().0,
        millis: 0,
        random: 0,
    });
    // A clock that goes backwards must not turn the order round.
    if millis > last.millis {
        last.millis = millis;
        // The top bit is left clear, so that counting on never runs over within a millisecond.
        let high = u128::from(split_mix(&mut last.seed) >> 55) << 64;
        last.random = high | u128::from(split_mix(&mut last.seed));
    } else {
        last.random += 1 + u128::from(split_mix(&mut last.seed) >> 32);
    }
    LAST.set(Some(last));
    version_7(last.millis, last.random)
}

fn version_7(millis: u64, random: u128) -> EventId {
    let bits = random & ((1 << RANDOM_BITS) - 1);
    // The builder sets the version and the variant over the bits between the two parts.
    let value = u128::from(millis) << 80 | (bits >> 62) << 64 | bits & ((1 << 62) - 1);
    let bytes = value.to_be_bytes();
    let mut random = [0; 10];
    random.copy_from_slice(&bytes[6..]);
    EventId(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
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
        let id = random(1_357_000_000_123);
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        let bytes = id.as_uuid().as_u128();
        assert_eq!(bytes >> 80, 1_357_000_000_123);
    }

    #[test]
    fn ids_of_a_thread_are_ordered_whatever_the_clock_does() {
        let clock = [5, 5, 5, 9, 2, 2, 9, 10, 1];
        let ids: Vec<_> = clock.iter().cycle().take(10_000).map(|&millis| random(millis)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
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
        assert_eq!(ids.next(now).to_string(), "00000000-0000-7000-8000-000000000001");
        assert_eq!(ids.next(now).to_string(), "00000000-0000-7000-8000-000000000002");
    }
}
