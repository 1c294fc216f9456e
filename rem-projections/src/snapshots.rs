//! Snapshots: the state at some moments of the past, so that others are not far from one.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rem_core::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fold::{isolate, quietly};
use crate::shared::lock;
use crate::view::Stand;
use crate::{Projection, SnapshotError};

/// Where snapshots outlive the process: with the feature `journal` a journal's
/// [`JournalHandle`](https://docs.rs/rem-journal).
pub trait SnapshotStore: Send + Sync + 'static {
    /// Keeps it under this name and its number.
    ///
    /// # Errors
    /// What the store says.
    fn put(
        &self,
        name: &str,
        snapshot: Stored,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// The newest of that name at this number or before it.
    ///
    /// # Errors
    /// What the store says.
    fn newest(
        &self,
        name: &str,
        at_or_before: u64,
    ) -> Result<Option<Stored>, Box<dyn std::error::Error + Send + Sync>>;

    /// Drops those of that name whose numbers lie in the range.
    ///
    /// # Errors
    /// What the store says.
    fn drop_range(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// Up to which number events are stored for good: a snapshot of more would know what a crash takes back.
    fn committed(&self) -> u64;
}

/// A snapshot as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// All up to this number is in it.
    pub sequence: u64,
    /// [`Projection::VERSION`] of what wrote it.
    pub version: u32,
    /// The latest time of its events, 8 bytes, and the state as JSON.
    pub bytes: Vec<u8>,
}

#[cfg(feature = "journal")]
impl SnapshotStore for rem_journal::JournalHandle {
    fn put(
        &self,
        name: &str,
        snapshot: Stored,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let Stored { sequence, version, bytes } = snapshot;
        let snapshot = rem_journal::store::Snapshot { sequence, version, bytes };
        Ok(self.put_snapshot(name, &snapshot)?)
    }

    fn newest(
        &self,
        name: &str,
        at_or_before: u64,
    ) -> Result<Option<Stored>, Box<dyn std::error::Error + Send + Sync>> {
        let found = self.snapshot(name, at_or_before)?;
        Ok(found.map(|found| Stored {
            sequence: found.sequence,
            version: found.version,
            bytes: found.bytes,
        }))
    }

    fn drop_range(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.drop_snapshots(name, range)?;
        Ok(())
    }

    fn committed(&self) -> u64 {
        self.stats().committed
    }
}

/// A state as the bytes of a snapshot, and back.
pub(crate) struct Codec<P> {
    write: fn(&P) -> Result<Vec<u8>, serde_json::Error>,
    read: fn(&[u8]) -> Result<P, serde_json::Error>,
}

impl<P: Serialize + DeserializeOwned> Codec<P> {
    pub(crate) fn json() -> Self {
        Self { write: serde_json::to_vec, read: |bytes| serde_json::from_slice(bytes) }
    }
}

/// Where they are kept.
pub(crate) enum Place<P> {
    /// At most so many, by number.
    Memory(usize, Mutex<BTreeMap<u64, Arc<Stand<P>>>>),
    Store(Box<dyn SnapshotStore>, Codec<P>),
}

/// The snapshots of one projection, every so many numbers.
pub(crate) struct Snapshots<P> {
    name: Box<str>,
    every: AtomicU64,
    place: Place<P>,
}

impl<P: Projection> Snapshots<P> {
    pub(crate) fn new(name: &str, every: u64, place: Place<P>) -> Self {
        Self { name: name.into(), every: AtomicU64::new(every.max(1)), place }
    }

    /// The number at which the next one is due.
    pub(crate) fn next_after(&self, sequence: u64) -> u64 {
        let every = self.every.load(Ordering::Relaxed);
        (sequence / every).saturating_add(1).saturating_mul(every)
    }

    /// Keeps one. What is not stored for good yet is not kept: the next will be.
    pub(crate) fn keep(&self, stand: &Arc<Stand<P>>) -> Option<SnapshotError> {
        match &self.place {
            Place::Memory(most, kept) => {
                let mut gone = Vec::new();
                let mut kept = lock(kept);
                kept.insert(stand.sequence, Arc::clone(stand));
                if kept.len() > *most {
                    // Every other goes, and half as many are made: so they are spread over all the past.
                    let every = self.every.load(Ordering::Relaxed).saturating_mul(2);
                    self.every.store(every, Ordering::Relaxed);
                    let numbers: Vec<_> = kept.keys().copied().step_by(2).collect();
                    gone.extend(numbers.iter().filter_map(|number| kept.remove(number)));
                }
                drop(kept);
                gone.into_iter().for_each(quietly);
                None
            }
            Place::Store(store, codec) if stand.sequence <= store.committed() => {
                Self::store(&**store, codec, &self.name, stand).err()
            }
            Place::Store(..) => None,
        }
    }

    fn store(
        store: &dyn SnapshotStore,
        codec: &Codec<P>,
        name: &str,
        stand: &Stand<P>,
    ) -> Result<(), SnapshotError> {
        let sequence = stand.sequence;
        let wrong = |said: String| SnapshotError::Unwritable { name: name.into(), sequence, said };
        let state = isolate(|| (codec.write)(&stand.state))
            .map_err(|panic| wrong(panic.into()))?
            .map_err(|error| wrong(error.to_string()))?;
        let mut bytes = stand.time.as_nanos().to_le_bytes().to_vec();
        bytes.extend(state);
        let snapshot = Stored { sequence, version: P::VERSION, bytes };
        store
            .put(name, snapshot)
            .map_err(|source| SnapshotError::Store { name: name.into(), source })
    }

    /// The newest at that number or before it.
    pub(crate) fn find(&self, at_or_before: u64) -> Result<Option<Arc<Stand<P>>>, SnapshotError> {
        match &self.place {
            Place::Memory(_, kept) => {
                let kept = lock(kept);
                Ok(kept.range(..=at_or_before).next_back().map(|(_, stand)| Arc::clone(stand)))
            }
            Place::Store(store, codec) => Self::load(&**store, codec, &self.name, at_or_before),
        }
    }

    fn load(
        store: &dyn SnapshotStore,
        codec: &Codec<P>,
        name: &str,
        at_or_before: u64,
    ) -> Result<Option<Arc<Stand<P>>>, SnapshotError> {
        let found = store.newest(name, at_or_before);
        let found = found.map_err(|source| SnapshotError::Store { name: name.into(), source })?;
        let Some(Stored { sequence, version, bytes }) = found else { return Ok(None) };
        if version != P::VERSION {
            let (name, wanted) = (name.into(), P::VERSION);
            return Err(SnapshotError::OtherVersion { name, sequence, found: version, wanted });
        }
        let wrong = |said: String| SnapshotError::Unreadable { name: name.into(), sequence, said };
        let Some((time, state)) = bytes.split_first_chunk::<8>() else {
            return Err(wrong("it has less than 8 bytes".into()));
        };
        let state = isolate(|| (codec.read)(state))
            .map_err(|panic| wrong(panic.into()))?
            .map_err(|error| wrong(error.to_string()))?;
        let time = Timestamp::from_nanos(u64::from_le_bytes(*time));
        Ok(Some(Arc::new(Stand { state, sequence, time })))
    }

    /// The newest at that number or before it, all of whose events happened at that time or earlier.
    pub(crate) fn find_by_time(
        &self,
        time: Timestamp,
        at_or_before: u64,
    ) -> Result<Option<Arc<Stand<P>>>, SnapshotError> {
        // The latest time does not fall from one to the next, so the numbers are halved.
        let (mut low, mut high, mut best) = (0, at_or_before, None);
        while low < high {
            let middle = high - (high - low) / 2;
            match self.find(middle)? {
                Some(stand) if stand.time > time => {
                    high = stand.sequence.saturating_sub(1).max(low);
                }
                found => (low, best) = (middle, found),
            }
        }
        Ok(best)
    }

    /// Forgets all, which are of no use.
    pub(crate) fn forget(&self) -> Result<(), SnapshotError> {
        match &self.place {
            Place::Memory(_, kept) => {
                let gone = std::mem::take(&mut *lock(kept));
                gone.into_values().for_each(quietly);
                Ok(())
            }
            Place::Store(store, _) => isolate(|| store.drop_range(&self.name, 0..=u64::MAX))
                .unwrap_or_else(|panic| Err(String::from(panic).into()))
                .map_err(|source| SnapshotError::Store { name: self.name.clone(), source }),
        }
    }
}

impl<P> fmt::Debug for Snapshots<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshots").field("every", &self.every).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use std::sync::{OnceLock, Weak};

    use rem_core::Event;
    use rem_macros::EventType;

    use super::*;

    #[derive(EventType, Debug, Clone, serde::Serialize, serde::Deserialize)]
    #[event(crate = rem_core, topic = "nothing")]
    struct Nothing;

    /// Looks at the snapshots as it goes.
    #[derive(Clone, Default)]
    struct Looks {
        at: Arc<OnceLock<Weak<Snapshots<Self>>>>,
        found: Arc<AtomicU64>,
    }

    impl Projection for Looks {
        type Event = Nothing;

        fn apply(&mut self, _: &Event<Nothing>) {}
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            let snapshots = self.at.get().and_then(Weak::upgrade);
            let Some(Place::Memory(_, kept)) = snapshots.as_ref().map(|it| &it.place) else {
                return;
            };
            if kept.try_lock().is_ok() {
                self.found.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn states_go_under_no_lock() {
        let snapshots = Arc::new(Snapshots::new("looks", 1, Place::Memory(2, Mutex::default())));
        let looks = Looks::default();
        looks.at.set(Arc::downgrade(&snapshots)).unwrap();
        let found = Arc::clone(&looks.found);
        for sequence in 1..=3 {
            let stand = Stand { sequence, ..Stand::new(looks.clone()) };
            assert!(snapshots.keep(&Arc::new(stand)).is_none());
        }
        assert_eq!(found.load(Ordering::Relaxed), 2, "every other went");
        snapshots.forget().unwrap();
        assert_eq!(found.load(Ordering::Relaxed), 3);
    }
}
