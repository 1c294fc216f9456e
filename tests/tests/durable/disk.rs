//! A history that outlives its bus, for the tests: a disk that commits when it is told to.
#![expect(clippy::unwrap_used, reason = "of a test")]

use std::collections::BTreeMap;
use std::mem;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use rem::wire::{Body, Codec};
use rem::{
    Commits, DurableHistory, Event, Evicted, History, HistoryError, HistoryErrorKind, Restored,
    Ring, Timestamp, Topic, Written,
};

/// What is on the disk, and survives its bus.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    ring: Arc<Ring>,
    first: u64,
    backlog: u64,
    /// Every event is committed before it is seen.
    at_once: bool,
}

#[derive(Debug, Default)]
struct State {
    committed: u64,
    seats: u64,
    is_full: bool,
    /// How many events more it takes before it is full.
    room: Option<u64>,
    flushes: usize,
    /// How often it was asked what is committed.
    asked: usize,
    wakers: Vec<Waker>,
    stored: Vec<(u64, Vec<u8>)>,
    positions: BTreeMap<String, u64>,
    notes: BTreeMap<String, Vec<u8>>,
}

impl Disk {
    pub(crate) fn new(backlog: u64) -> Self {
        Self {
            state: Arc::default(),
            ring: Arc::new(Ring::events(64)),
            first: 1,
            backlog,
            at_once: false,
        }
    }

    pub(crate) fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// The same with room for more of the newest events.
    pub(crate) fn keeping(self, events: usize) -> Self {
        Self { ring: Arc::new(Ring::events(events)), ..self }
    }

    /// The disk of a new process, with all that there was.
    pub(crate) fn again(&self) -> Self {
        let last = self.ring.readable().map_or(0, |readable| *readable.end());
        Self { first: last + 1, ..self.clone() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// The disk of a new process, which may have given out numbers up to `reserved`.
    pub(crate) fn reopened(&self, reserved: u64) -> Self {
        let ring = Arc::new(Ring::events(64).after(reserved));
        Self { ring, first: reserved + 1, ..self.clone() }
    }

    pub(crate) fn break_down(&self, is_full: bool) {
        self.state.lock().unwrap().is_full = is_full;
        self.wake();
    }

    /// Has room for so many events more.
    pub(crate) fn room(&self, events: u64) {
        self.state.lock().unwrap().room = Some(events);
    }

    /// Commits all that is kept.
    pub(crate) fn commit(&self) {
        let mut state = self.state.lock().unwrap();
        state.committed = self.ring.readable().map_or(state.committed, |readable| *readable.end());
        state.seats = 0;
        drop(state);
        self.wake();
    }

    pub(crate) fn seats(&self) -> u64 {
        self.state.lock().unwrap().seats
    }

    pub(crate) fn flushes(&self) -> usize {
        self.state.lock().unwrap().flushes
    }

    /// How many wait for a seat or a commit.
    pub(crate) fn waiters(&self) -> usize {
        self.state.lock().unwrap().wakers.len()
    }

    pub(crate) fn stored(&self) -> Vec<u64> {
        self.state.lock().unwrap().stored.iter().map(|(sequence, _)| *sequence).collect()
    }

    fn wake(&self) {
        let wakers = mem::take(&mut self.state.lock().unwrap().wakers);
        wakers.into_iter().for_each(Waker::wake);
    }
}

fn no_space() -> HistoryError {
    HistoryError::new(HistoryErrorKind::Store, "the disk is full; make room on it")
}

impl History for Disk {
    fn record(&self, _event: &Arc<Event>) -> Evicted {
        unreachable!("the bus keeps events by `keep` in a history that outlives it")
    }

    fn readable(&self) -> Option<RangeInclusive<u64>> {
        self.ring.readable()
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.ring.read(range, events);
    }

    fn first(&self) -> u64 {
        self.first
    }

    fn durable(self: Arc<Self>) -> Option<Arc<dyn DurableHistory>> {
        Some(self)
    }
}

impl DurableHistory for Disk {
    fn write(&self, event: &Event) -> Result<Written, HistoryError> {
        let mut bytes = Vec::new();
        match event.write_data(Codec::Json, &mut bytes) {
            Ok(()) => Ok(Written::new(bytes)),
            Err(error) if error.is_local() => Ok(Written::nothing()),
            Err(error) => Err(error.into()),
        }
    }

    fn seat(&self) -> Result<bool, HistoryError> {
        let mut state = self.state.lock().unwrap();
        if state.is_full {
            return Err(no_space());
        }
        let has_room = state.seats < self.backlog;
        state.seats += u64::from(has_room);
        Ok(has_room)
    }

    fn leave(&self) {
        self.state.lock().unwrap().seats -= 1;
        self.wake();
    }

    fn poll_seat(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if state.seats < self.backlog || state.is_full {
            return Poll::Ready(());
        }
        state.wakers.push(waker.clone());
        Poll::Pending
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(10)
    }

    fn keep(&self, event: &Arc<Event>, written: Written) -> Result<Evicted, HistoryError> {
        let sequence = event.sequence().unwrap();
        let mut state = self.state.lock().unwrap();
        let room = state.room.map(|room| room.checked_sub(1));
        state.is_full |= room == Some(None);
        state.room = room.flatten();
        if self.at_once && state.is_full {
            state.seats -= 1;
            drop(state);
            drop(self.ring.skip(sequence));
            return Err(no_space());
        }
        state.stored.extend(written.into_bytes().map(|bytes| (sequence, bytes)));
        if self.at_once {
            state.seats -= 1;
            state.committed = sequence;
        }
        drop(state);
        Ok(self.ring.record(event))
    }

    fn committed(&self) -> u64 {
        self.state.lock().unwrap().committed
    }

    fn commits(&self) -> Arc<dyn Commits> {
        Arc::new(self.clone())
    }

    fn position(&self, name: &str) -> Option<u64> {
        self.state.lock().unwrap().positions.get(name).copied()
    }

    fn set_position(&self, name: &str, sequence: Option<u64>) {
        let state = &mut *self.state.lock().unwrap();
        match sequence {
            Some(sequence) => drop(state.positions.insert(name.into(), sequence)),
            None => drop((state.positions.remove(name), state.notes.remove(name))),
        }
    }

    fn set_position_with(&self, name: &str, sequence: u64, note: Vec<u8>) {
        self.set_position(name, Some(sequence));
        self.state.lock().unwrap().notes.insert(name.into(), note);
    }

    fn note(&self, name: &str) -> Option<Vec<u8>> {
        self.state.lock().unwrap().notes.get(name).cloned()
    }

    fn positions(&self) -> Vec<(Box<str>, u64)> {
        let state = self.state.lock().unwrap();
        let all = state.positions.iter();
        all.map(|(name, position)| (name.as_str().into(), *position)).collect()
    }

    fn flush(&self) {
        self.state.lock().unwrap().flushes += 1;
    }
}

impl Commits for Disk {
    fn poll_committed(&self, sequence: u64, waker: &Waker) -> Poll<Result<(), HistoryError>> {
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        if state.committed >= sequence {
            return Poll::Ready(Ok(()));
        }
        if state.is_full {
            return Poll::Ready(Err(no_space()));
        }
        state.wakers.push(waker.clone());
        Poll::Pending
    }
}

/// An event as it comes back.
pub(crate) fn restored(topic: &'static str, sequence: u64, data: &str) -> Arc<Event> {
    let event = Restored {
        sequence,
        id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
        topic: Topic::parse(topic).unwrap(),
        scope: 0,
        timestamp: Timestamp::from_nanos(1),
        source: Some("shop".into()),
        metadata: None,
        causation: None,
        correlation: None,
        data: Body::new(Codec::Json, data.as_bytes()),
    };
    event.event()
}
