//! [`Stream`]: what the broker keeps for those who come later, under numbers and within limits.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rem_core::Timestamp;

use super::consumer::Consumer;
use crate::transport::{
    HistoryAsk, HistoryPage, Parcel, Stored, StoredParcel, StreamSpec, StreamStart, StreamState,
    Subject, SubjectFilter,
};

pub(super) struct Stream {
    spec: StreamSpec,
    /// The oldest first, with no number missing between the first and the last.
    kept: VecDeque<StoredParcel>,
    bytes: u64,
    last: u64,
    /// What was stored within the window.
    keys: HashMap<Box<str>, u64>,
    ages: VecDeque<(Timestamp, Box<str>)>,
    pub(super) consumers: BTreeMap<Box<str>, Consumer>,
}

impl Stream {
    pub(super) fn new(spec: StreamSpec) -> Self {
        Self {
            spec,
            kept: VecDeque::new(),
            bytes: 0,
            last: 0,
            keys: HashMap::new(),
            ages: VecDeque::new(),
            consumers: BTreeMap::new(),
        }
    }

    /// What keeps it from being what is asked for.
    pub(super) fn lacks(&self, wanted: &StreamSpec) -> Option<String> {
        let keeps =
            |subject: &SubjectFilter| self.spec.subjects.iter().any(|own| own.covers(subject));
        if let Some(subject) = wanted.subjects.iter().find(|subject| !keeps(subject)) {
            return Some(format!("it does not keep `{subject}`"));
        }
        let (is, wanted) = (self.spec.window, wanted.window);
        (is < wanted).then(|| format!("it knows a key for {is:?}, and {wanted:?} are wanted"))
    }

    pub(super) fn keeps(&self, subject: &Subject) -> bool {
        self.spec.subjects.iter().any(|own| own.selects(subject))
    }

    /// Whether some subject would be kept by both.
    pub(super) fn meets(&self, subjects: &[SubjectFilter]) -> bool {
        let own = &self.spec.subjects;
        own.iter().any(|own| subjects.iter().any(|other| own.meet(other).is_some()))
    }

    pub(super) fn state(&self) -> StreamState {
        StreamState::empty(self.spec.window).keeps(self.first(), self.last, self.kept.len() as u64)
    }

    fn first(&self) -> u64 {
        self.kept.front().map_or(self.last + 1, |first| first.sequence)
    }

    pub(super) fn store(&mut self, parcel: &Parcel, key: Option<&str>, now: Timestamp) -> Stored {
        if let Some(sequence) = key.and_then(|key| self.keys.get(key)) {
            return Stored { sequence: *sequence, duplicate: true };
        }
        self.last += 1;
        if let Some(key) = key {
            self.keys.insert(key.into(), self.last);
            self.ages.push_back((now, key.into()));
        }
        self.bytes += parcel.size() as u64;
        self.kept.push_back(StoredParcel::new(self.last, now, parcel.clone()));
        self.let_go(now);
        Stored { sequence: self.last, duplicate: false }
    }

    /// What is beyond the limits, or the window.
    pub(super) fn let_go(&mut self, now: Timestamp) {
        let StreamSpec { parcels, bytes, age, window, .. } = &self.spec;
        while let Some(first) = self.kept.front() {
            let is_old = age.is_some_and(|age| now.since(first.stored_at) > age);
            let are_many = parcels.is_some_and(|most| self.kept.len() as u64 > most);
            let are_large = bytes.is_some_and(|most| self.bytes > most);
            if !(is_old || are_many || are_large) {
                break;
            }
            self.bytes -= first.parcel.size() as u64;
            self.kept.pop_front();
        }
        while self.ages.front().is_some_and(|(at, _)| now.since(*at) > *window) {
            if let Some((_, key)) = self.ages.pop_front() {
                self.keys.remove(&key);
            }
        }
    }

    pub(super) fn kept(&self, sequence: u64) -> Option<&StoredParcel> {
        let at = sequence.checked_sub(self.first())?;
        self.kept.get(usize::try_from(at).ok()?)
    }

    /// The number from which on a place begins, of what the filters select.
    pub(super) fn begin(&self, start: StreamStart, filters: &[SubjectFilter]) -> u64 {
        let end = self.last + 1;
        match start {
            StreamStart::First => self.first(),
            StreamStart::New => end,
            StreamStart::Sequence(sequence) => sequence.max(self.first()),
            StreamStart::Last => {
                let found = self.kept.iter().rfind(|kept| selects(filters, kept));
                found.map_or(end, |kept| kept.sequence)
            }
            StreamStart::Time(time) => {
                let found = self.kept.iter().find(|kept| kept.stored_at >= time);
                found.map_or(end, |kept| kept.sequence)
            }
        }
    }

    /// The next that the filters select, from that number on.
    pub(super) fn next(&self, from: u64, filters: &[SubjectFilter]) -> Option<&StoredParcel> {
        let skipped = usize::try_from(from.saturating_sub(self.first())).ok()?;
        self.kept.iter().skip(skipped).find(|kept| selects(filters, kept))
    }

    pub(super) fn read(&self, ask: &HistoryAsk) -> HistoryPage {
        let mut from = self.begin(ask.from, &ask.filters);
        let mut parcels = Vec::new();
        while parcels.len() < ask.most {
            let Some(found) = self.next(from, &ask.filters) else {
                from = self.last + 1;
                break;
            };
            from = found.sequence + 1;
            parcels.push(found.clone());
        }
        HistoryPage::new(parcels, (from <= self.last).then_some(from), self.state())
    }
}

fn selects(filters: &[SubjectFilter], kept: &StoredParcel) -> bool {
    let subject = kept.parcel.subject();
    filters.is_empty() || filters.iter().any(|filter| filter.selects(subject))
}
