//! [`Link`]: one transport as the broker knows it.

use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

use crate::transport::{Capabilities, Delivery, FilterId, Incoming, Parcel, SubjectFilter};

/// One transport: what it asks for, what waits for its reader, and what is on its way to it.
pub(super) struct Link {
    pub(super) name: Box<str>,
    pub(super) no_echo: bool,
    pub(super) is_connected: bool,
    pub(super) is_closed: bool,
    /// How often its cable was cut.
    pub(super) cuts: u64,
    pub(super) filters: BTreeMap<FilterId, Asked>,
    inbox: VecDeque<Incoming>,
    /// How many of the inbox are parcels.
    parcels: usize,
    /// How many parcels were let go behind the last of the inbox.
    missed: u64,
    waker: Option<Waker>,
    /// By publisher, in their order: with the number of the publish that lets them go on.
    held: BTreeMap<u64, VecDeque<(u64, Parcel, FilterId)>>,
}

pub(super) struct Asked {
    pub(super) filter: SubjectFilter,
    pub(super) group: Option<Box<str>>,
    /// It was flushed.
    pub(super) stands: bool,
}

impl Link {
    pub(super) fn new(name: &str, no_echo: bool) -> Self {
        Self {
            name: name.into(),
            no_echo,
            is_connected: false,
            is_closed: false,
            cuts: 0,
            filters: BTreeMap::new(),
            inbox: VecDeque::new(),
            parcels: 0,
            missed: 0,
            waker: None,
            held: BTreeMap::new(),
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_connected && !self.is_closed
    }

    /// By which filters it asks for a subject, alone and in groups.
    pub(super) fn asks<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> impl Iterator<Item = (FilterId, &'a Asked)> {
        let wanted = |asked: &Asked| asked.stands && asked.filter.selects(parcel.subject());
        self.filters.iter().filter(move |(_, asked)| wanted(asked)).map(|(id, asked)| (*id, asked))
    }

    /// A parcel is on its way: it arrives behind what the same publisher has on its way, and not before `due`.
    pub(super) fn send(&mut self, from: u64, due: u64, now: u64, parcel: Parcel, by: FilterId) {
        let behind = self.held.get(&from).and_then(VecDeque::back).map_or(0, |(due, ..)| *due);
        self.held.entry(from).or_default().push_back((due.max(behind), parcel, by));
        debug_assert!(due >= now, "it is not held back into the past");
    }

    /// Lets arrive what is due; what has no room is let go, and counted. How many arrived.
    pub(super) fn arrive(&mut self, now: u64, room: usize) -> u64 {
        let mut arrived = 0;
        let mut held = std::mem::take(&mut self.held);
        for queue in held.values_mut() {
            while queue.front().is_some_and(|(due, ..)| *due <= now) {
                let Some((_, parcel, by)) = queue.pop_front() else { break };
                // What was unsubscribed meanwhile is asked for no more.
                if !self.filters.contains_key(&by) {
                    continue;
                }
                arrived += 1;
                if self.parcels >= room {
                    self.missed += 1;
                    continue;
                }
                self.tell_missed();
                self.inbox.push_back(Incoming::Parcel(parcel, by));
                self.parcels += 1;
            }
        }
        held.retain(|_, queue| !queue.is_empty());
        self.held = held;
        arrived
    }

    /// Consumers bound what they are given by themselves.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.tell_missed();
        self.inbox.push_back(Incoming::Delivery(Box::new(delivery)));
    }

    fn tell_missed(&mut self) {
        if self.missed > 0 {
            self.inbox.push_back(Incoming::Lagged(Some(self.missed)));
            self.missed = 0;
        }
    }

    /// How many parcels are on their way.
    pub(super) fn on_the_way(&self) -> u64 {
        self.held.values().map(|queue| queue.len() as u64).sum()
    }

    /// What is on its way is lost; how many.
    pub(super) fn cut(&mut self) -> u64 {
        let lost = self.on_the_way();
        self.held.clear();
        self.is_connected = false;
        self.cuts += 1;
        self.tell_missed();
        self.inbox.push_back(Incoming::Disconnected("its cable was cut".into()));
        lost
    }

    pub(super) fn mend(&mut self, capabilities: Capabilities) {
        self.is_connected = true;
        for asked in self.filters.values_mut() {
            asked.stands = true;
        }
        self.inbox.push_back(Incoming::Connected(capabilities));
    }

    /// What comes next for the reader; otherwise its waker is kept, and the one before it given back.
    pub(super) fn next(&mut self, waker: &Waker) -> Result<Incoming, Option<Waker>> {
        if self.inbox.is_empty() {
            self.tell_missed();
        }
        match self.inbox.pop_front() {
            Some(came) => {
                self.parcels -= usize::from(matches!(came, Incoming::Parcel(..)));
                Ok(came)
            }
            None if self.is_closed => Ok(Incoming::Closed),
            None => Err(self.waker.replace(waker.clone())),
        }
    }

    /// Who is to be woken, if there is something for them.
    pub(super) fn wake(&mut self) -> Option<Waker> {
        let something = !self.inbox.is_empty() || self.missed > 0 || self.is_closed;
        if something { self.waker.take() } else { None }
    }
}
