//! [`ProjectorBuilder`]: a projector in the making.

use std::sync::{Arc, Mutex};
use std::thread;

use rem_core::{Bus, Follow, IntoPattern, Pattern, PatternError, SubscribeError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::changed::{Announce, ToValue};
use crate::projector::Projector;
use crate::shared::Shared;
use crate::snapshots::{Codec, Place, SnapshotStore, Snapshots};
use crate::view::Stand;
use crate::worker::Worker;
use crate::{AttachError, OnFailure, Projection, SnapshotError};

/// How many snapshots are kept in memory, and every how many events, unless told.
const IN_MEMORY: usize = 256;
const EVERY: u64 = 16_384;
/// Every how many events one is stored, unless told.
const EVERY_STORED: u64 = 10_000;

/// A projector in the making: see [`Projector::builder`](crate::Projector::builder).
#[must_use = "nothing is folded until it is attached: `attach`"]
pub struct ProjectorBuilder<P> {
    name: Box<str>,
    pattern: Option<Result<Pattern, PatternError>>,
    policy: OnFailure,
    may_miss: bool,
    every: Option<u64>,
    in_memory: usize,
    store: Option<(Box<dyn SnapshotStore>, Codec<P>)>,
    refuses_other: bool,
    announces: Option<ToValue<P>>,
}

impl<P: Projection> ProjectorBuilder<P> {
    pub(crate) fn new(name: Box<str>) -> Self {
        Self {
            name,
            pattern: None,
            policy: OnFailure::default(),
            may_miss: false,
            every: None,
            in_memory: IN_MEMORY,
            store: None,
            refuses_other: false,
            announces: None,
        }
    }

    /// Only the events whose topics the pattern selects, below the bus's prefix. Without it all events of the projection's
    /// type, whichever bus below this one they were published on.
    pub fn pattern(mut self, pattern: impl IntoPattern) -> Self {
        self.pattern = Some(pattern.into_pattern());
        self
    }

    /// What becomes of an event that cannot be applied: [`OnFailure::Stop`] unless told.
    pub fn on_failure(mut self, policy: OnFailure) -> Self {
        self.policy = policy;
        self
    }

    /// Goes on where the history has let go of events that are not in the state, which then lacks them:
    /// [`Report::missed`](crate::Report::missed) counts. Without it that is an error.
    pub fn may_miss(mut self) -> Self {
        self.may_miss = true;
        self
    }

    /// Keeps a snapshot every so many numbers, at least one: 16,384 in memory and 10,000 in a store unless told.
    pub fn snapshot_every(mut self, numbers: u64) -> Self {
        self.every = Some(numbers.max(1));
        self
    }

    /// Keeps at most so many snapshots in memory, 256 unless told, at least two. When there are more, every other goes and half
    /// as many are made, so that they are spread over the past, however long it is. Each holds a copy of the state.
    pub fn snapshots_in_memory(mut self, most: usize) -> Self {
        self.in_memory = most.max(2);
        self
    }

    /// Keeps snapshots in a store, a journal's handle for example, and goes on behind the newest when it is attached again. The
    /// state is written as JSON. One is kept when all that is in it is stored for good.
    pub fn snapshots_in(mut self, store: impl SnapshotStore) -> Self
    where
        P: Serialize + DeserializeOwned,
    {
        self.store = Some((Box::new(store), Codec::json()));
        self
    }

    /// Refuses to attach if a stored snapshot is of another version or cannot be read. Without it the snapshots are
    /// forgotten, which [`Report::trouble`](crate::Report::trouble) tells, and all is folded anew.
    pub fn refuse_other_snapshots(mut self) -> Self {
        self.refuses_other = true;
        self
    }

    /// Publishes [`StateChanged`](crate::StateChanged), `state.changed.<name>`, with what is different, when readers see a new
    /// state. It costs writing the state and a comparison each time.
    pub fn announce(mut self) -> Self
    where
        P: Serialize,
    {
        self.announces = Some(|state| serde_json::to_value(state));
        self
    }

    /// Attaches it to a bus: from the newest snapshot, or `initial`, through the history, and on with what is published. It
    /// returns when the snapshot is read; a thread of its own folds, until the bus is closed or the last handle is gone.
    ///
    /// # Errors
    /// A pattern that is none, a closed bus and one without history; a history that has let go of what it needs; a snapshot
    /// that cannot be used, if that is refused.
    #[track_caller]
    pub fn attach(self, bus: &Bus, initial: P) -> Result<Projector<P>, AttachError> {
        let Self {
            name,
            pattern,
            policy,
            may_miss,
            every,
            in_memory,
            store,
            refuses_other,
            announces,
        } = self;
        let follow = match pattern {
            None => bus.follow::<P::Event>(0),
            Some(Ok(pattern)) => bus.follow_pattern::<P::Event>(pattern, 0),
            Some(Err(error)) => Err(SubscribeError::from(error)),
        };
        let mut follow = follow.map_err(AttachError::Subscribe)?;
        let (every, place) = match store {
            None => (every.unwrap_or(EVERY), Place::Memory(in_memory, Mutex::default())),
            Some((store, codec)) => (every.unwrap_or(EVERY_STORED), Place::Store(store, codec)),
        };
        let snapshots = Snapshots::new(&name, every, place);
        let (start, mut trouble) = match newest(&name, &snapshots, &follow) {
            Ok(Some(stand)) => (Some(stand), None),
            Ok(None) => (None, None),
            Err(error) if refuses_other => return Err(AttachError::Snapshot(error)),
            Err(error) => {
                // Newer than all that will be made, they would stand before these.
                let forgotten = snapshots.forget().err();
                (None, Some(forgotten.unwrap_or(error)))
            }
        };
        let start = match start {
            Some(stand) => Stand::clone(&stand),
            None => Stand::new(initial.clone()),
        };
        follow.seek(start.sequence);
        if let Some(gone) = follow.missing().filter(|_| !may_miss) {
            let (from, to) = gone.into_inner();
            return Err(AttachError::BeforeHistory { name, from, to, snapshot: trouble.take() });
        }
        let announce = announces.map(|write| Announce::new(&name, bus.downgrade(), write));
        let (nudge, watch) = (follow.nudge(), follow.again(start.sequence));
        let worker = Worker::new(follow, may_miss, announce, snapshots.next_after(start.sequence));
        let status = crate::Status::CatchingUp;
        let shared = Arc::new(Shared::new(name, initial, policy, start, nudge, snapshots, trouble));
        shared.put(Box::new(worker), status);
        let (past, its) = (watch.again(0), Arc::clone(&shared));
        let life = thread::Builder::new()
            .name(format!("rem-projection {}", shared.name))
            .spawn(move || Worker::live(&its, watch))
            .map_err(AttachError::Thread)?;
        Ok(Projector::new(shared, past, life))
    }
}

/// The snapshot from which to go on.
fn newest<P: Projection>(
    name: &str,
    snapshots: &Snapshots<P>,
    follow: &Follow<P::Event>,
) -> Result<Option<Arc<Stand<P>>>, SnapshotError> {
    let Some(stand) = snapshots.find(u64::MAX)? else { return Ok(None) };
    let last = follow.last();
    if stand.sequence > last {
        let (name, sequence) = (name.into(), stand.sequence);
        return Err(SnapshotError::Ahead { name, sequence, last });
    }
    Ok(Some(stand))
}

impl<P> std::fmt::Debug for ProjectorBuilder<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProjectorBuilder")
            .field("name", &self.name)
            .field("pattern", &self.pattern)
            .field("on_failure", &self.policy)
            .finish_non_exhaustive()
    }
}
