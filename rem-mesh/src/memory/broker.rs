//! [`Broker`]: the links, and how a parcel goes from one to the others.

use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

use std::time::{Duration, SystemTime};

use rem_core::__private::{Alarm, Alarms};
use rem_core::{ManualClock, Timestamp};

use super::consumer::Consumer;
use super::faults::Faults;
use super::link::{Asked, Link};
use super::stream::Stream;
use crate::sync::{Mutex, lock, wake};
use crate::transport::{
    Capabilities, FilterId, Incoming, Parcel, SubjectFilter, TransportError, TransportErrorKind,
};

pub(super) struct Broker {
    pub(super) inside: Mutex<Inside>,
    max_payload: usize,
    inbox: usize,
    alarms: Alarms,
}

pub(super) struct Inside {
    pub(super) links: BTreeMap<u64, Link>,
    pub(super) streams: BTreeMap<Box<str>, Stream>,
    pub(super) clock: Clock,
    pub(super) last: u64,
    pub(super) faults: Faults,
    /// Nothing is stored, for there is no room.
    pub(super) is_full: bool,
    forbidden: Option<SubjectFilter>,
    pub(super) is_silent: bool,
    /// Who waits for an answer.
    pub(super) waiting: Vec<Waker>,
    /// Who is to look, though the broker does not answer.
    woken: Vec<Waker>,
    pub(super) counts: BrokerCounts,
}

/// What a [`MemoryBroker`](super::MemoryBroker) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BrokerCounts {
    /// Parcels that it was given.
    pub published: u64,
    /// Of these, those that nobody had asked for, and so were carried no further.
    pub unheard: u64,
    /// Parcels that it carried to readers, each reader counted.
    pub carried: u64,
    /// Those that its faults lost, and those that were on their way when a cable was cut.
    pub lost: u64,
    /// Those that its faults gave once more.
    pub duplicated: u64,
    /// How often it was subscribed to.
    pub subscribed: u64,
    /// How often it was unsubscribed from.
    pub unsubscribed: u64,
    /// Parcels that its streams were given, duplicates not counted.
    pub stored: u64,
    /// Parcels that were to be stored under a key that was known.
    pub known: u64,
    /// Parcels that it gave to consumers, each time counted.
    pub delivered: u64,
}

/// Its name, and what all in it ask for.
type Group = (Box<str>, SubjectFilter);

pub(super) type Done<T> = Result<T, TransportError>;

/// By which parcels and keys grow old.
pub(super) enum Clock {
    System,
    Manual(ManualClock),
}

impl Clock {
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::System => SystemTime::now().into(),
            Self::Manual(clock) => clock.now(),
        }
    }
}

impl Broker {
    pub(super) fn new(max_payload: usize, inbox: usize, clock: Clock) -> Self {
        let alarms = match &clock {
            Clock::System => Alarms::system(),
            Clock::Manual(clock) => Alarms::by(clock),
        };
        let inside = Inside {
            links: BTreeMap::new(),
            streams: BTreeMap::new(),
            clock,
            is_full: false,
            last: 0,
            faults: Faults::none(),
            forbidden: None,
            is_silent: false,
            waiting: Vec::new(),
            woken: Vec::new(),
            counts: BrokerCounts::default(),
        };
        Self { inside: Mutex::new(inside), max_payload, inbox, alarms }
    }

    /// Changes what is inside, lets arrive what is due, and wakes who has something: under no lock.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Inside) -> R) -> R {
        let mut inside = lock(&self.inside);
        let result = change(&mut inside);
        inside.give();
        let now = inside.counts.published;
        let Inside { links, counts, woken, .. } = &mut *inside;
        let mut woken = std::mem::take(woken);
        for link in links.values_mut() {
            counts.carried += link.arrive(now, self.inbox);
            woken.extend(link.wake());
        }
        if !inside.is_silent {
            woken.append(&mut inside.waiting);
        }
        drop(inside);
        woken.into_iter().for_each(wake);
        result
    }

    pub(super) fn capabilities(&self, no_echo: bool) -> Capabilities {
        Capabilities::new("memory", self.max_payload).no_echo(no_echo).groups(true).streams(true)
    }

    pub(super) fn add(&self, name: &str, no_echo: bool) -> u64 {
        self.change(|inside| {
            inside.last += 1;
            let id = inside.last;
            inside.links.insert(id, Link::new(name, no_echo));
            id
        })
    }

    pub(super) fn remove(&self, id: u64) {
        self.change(|inside| {
            inside.links.remove(&id);
            inside.reads_no_more(id);
        });
    }

    pub(super) fn connect(&self, id: u64) -> Done<Capabilities> {
        self.change(|inside| {
            let link = inside.link(id)?;
            link.is_connected = true;
            Ok(self.capabilities(link.no_echo))
        })
    }

    pub(super) fn is_connected(&self, id: u64) -> bool {
        lock(&self.inside).links.get(&id).is_some_and(Link::is_there)
    }

    pub(super) fn publish(&self, from: u64, parcel: &Parcel) -> Done<()> {
        self.change(|inside| {
            inside.there(from)?;
            self.takes(parcel)?;
            inside.carry(from, parcel);
            let now = inside.clock.now();
            let keeping = |stream: &&mut Stream| stream.keeps(parcel.subject());
            if let Some(stream) = inside.streams.values_mut().find(keeping) {
                stream.store(parcel, None, now);
                inside.counts.stored += 1;
            }
            Ok(())
        })
    }

    pub(super) fn takes(&self, parcel: &Parcel) -> Done<()> {
        let size = parcel.size();
        if size <= self.max_payload {
            return Ok(());
        }
        let said = format!(
            "`{}` has {size} bytes, and a parcel at most {}: send less, or allow more",
            parcel.subject(),
            self.max_payload
        );
        Err(TransportError::new(TransportErrorKind::TooLarge, said))
    }

    /// How long until something is to be given again to that link; `None` if it waits for nothing.
    pub(super) fn due(&self, id: u64) -> Option<Duration> {
        let inside = lock(&self.inside);
        inside.links.get(&id).filter(|link| link.is_there())?;
        let consumers = inside.streams.values().flat_map(|stream| stream.consumers.values());
        let due = consumers.filter_map(|consumer| consumer.due(id)).min()?;
        Some(due.since(inside.clock.now()))
    }

    pub(super) fn alarm(&self, time: Duration) -> Alarm {
        self.alarms.after(time)
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.change(|inside| inside.is_full = is_full);
    }

    pub(super) fn subscribe(
        &self,
        id: u64,
        filter: SubjectFilter,
        group: Option<&str>,
    ) -> Done<FilterId> {
        self.change(|inside| {
            inside.there(id)?;
            if inside.forbidden.as_ref().is_some_and(|forbidden| forbidden.covers(&filter)) {
                let said = format!("`{filter}` is forbidden to this transport");
                return Err(TransportError::new(TransportErrorKind::Refused, said));
            }
            inside.last += 1;
            inside.counts.subscribed += 1;
            let by = FilterId(inside.last);
            let asked = Asked { filter, group: group.map(Into::into), stands: false };
            inside.there(id)?.filters.insert(by, asked);
            Ok(by)
        })
    }

    pub(super) fn unsubscribe(&self, id: u64, by: FilterId) -> Done<()> {
        self.change(|inside| {
            let link = inside.link(id)?;
            let is_gone = link.filters.remove(&by).is_some();
            inside.counts.unsubscribed += u64::from(is_gone);
            inside.there(id).map(drop)
        })
    }

    pub(super) fn poll_flush(&self, id: u64, cx: &mut Context<'_>) -> Poll<Done<()>> {
        self.change(|inside| {
            let is_silent = inside.is_silent;
            let link = match inside.there(id) {
                Ok(link) => link,
                Err(error) => return Poll::Ready(Err(error)),
            };
            if is_silent {
                inside.waiting.retain(|waiting| !waiting.will_wake(cx.waker()));
                inside.waiting.push(cx.waker().clone());
                return Poll::Pending;
            }
            for asked in link.filters.values_mut() {
                asked.stands = true;
            }
            Poll::Ready(Ok(()))
        })
    }

    pub(super) fn poll_incoming(&self, id: u64, cx: &mut Context<'_>) -> Poll<Incoming> {
        let mut inside = lock(&self.inside);
        let Some(link) = inside.links.get_mut(&id) else { return Poll::Ready(Incoming::Closed) };
        match link.next(cx.waker()) {
            Ok(came) => Poll::Ready(came),
            Err(before) => {
                drop(inside);
                drop(before); // user code: under no lock
                Poll::Pending
            }
        }
    }

    pub(super) fn close(&self, id: u64) {
        self.change(|inside| {
            if let Some(link) = inside.links.get_mut(&id) {
                link.is_closed = true;
                link.filters.clear();
            }
            inside.reads_no_more(id);
        });
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.change(|inside| inside.faults = faults);
    }

    pub(super) fn calm(&self) {
        self.change(|inside| {
            inside.faults = Faults::none();
            // Whatever is held back is due when nothing later can be.
            let Inside { links, counts, .. } = inside;
            for link in links.values_mut() {
                counts.carried += link.arrive(u64::MAX, self.inbox);
            }
        });
    }

    pub(super) fn cut(&self, name: &str) {
        self.change(|inside| {
            let Inside { links, counts, .. } = inside;
            for link in links.values_mut().filter(|link| *link.name == *name && link.is_there()) {
                counts.lost += link.cut();
            }
            // Who waits for an answer gets none.
            let waiting = std::mem::take(&mut inside.waiting);
            inside.woken.extend(waiting);
        });
    }

    pub(super) fn mend(&self, name: &str) {
        self.change(|inside| {
            for link in inside.links.values_mut().filter(|link| *link.name == *name) {
                if !link.is_connected && !link.is_closed {
                    let capabilities = self.capabilities(link.no_echo);
                    link.mend(capabilities);
                }
            }
        });
    }

    pub(super) fn set_silent(&self, is_silent: bool) {
        self.change(|inside| inside.is_silent = is_silent);
    }

    pub(super) fn forbid(&self, filter: Option<SubjectFilter>) {
        self.change(|inside| inside.forbidden = filter);
    }

    pub(super) fn counts(&self) -> BrokerCounts {
        lock(&self.inside).counts
    }

    pub(super) fn standing(&self) -> Vec<SubjectFilter> {
        let inside = lock(&self.inside);
        let links = inside.links.values().filter(|link| link.is_there());
        let filters = links.flat_map(|link| link.filters.values());
        let mut standing: Vec<_> =
            filters.filter(|asked| asked.stands).map(|asked| asked.filter.clone()).collect();
        standing.sort();
        standing
    }
}

impl Inside {
    fn link(&mut self, id: u64) -> Done<&mut Link> {
        match self.links.get_mut(&id) {
            Some(link) if !link.is_closed => Ok(link),
            _ => Err(TransportError::closed()),
        }
    }

    /// Gives to consumers what is theirs.
    fn give(&mut self) {
        let Self { links, streams, clock, faults, counts, .. } = self;
        if streams.is_empty() {
            return;
        }
        let now = clock.now();
        for stream in streams.values_mut() {
            stream.let_go(now);
            let names: Vec<_> = stream.consumers.keys().cloned().collect();
            for name in names {
                let is_there = |id: u64| links.get(&id).is_some_and(Link::is_there);
                for (id, delivery) in Consumer::give(stream, &name, now, is_there) {
                    let (times, _) = faults.decide();
                    counts.lost += u64::from(times == 0);
                    counts.duplicated += u64::from(times == 2);
                    counts.delivered += times as u64;
                    if let Some(link) = links.get_mut(&id) {
                        (0..times).for_each(|_| link.deliver(delivery.clone()));
                    }
                }
            }
        }
    }

    fn reads_no_more(&mut self, id: u64) {
        for stream in self.streams.values_mut() {
            stream.consumers.values_mut().for_each(|consumer| consumer.forget(id, None));
        }
    }

    /// The same, connected.
    pub(super) fn there(&mut self, id: u64) -> Done<&mut Link> {
        let link = self.link(id)?;
        if link.is_connected {
            return Ok(link);
        }
        let said = format!("`{}` is not connected: it was cut, or never was", link.name);
        Err(TransportError::new(TransportErrorKind::Disconnected, said))
    }

    pub(super) fn carry(&mut self, from: u64, parcel: &Parcel) {
        self.counts.published += 1;
        let now = self.counts.published;
        let mut to: Vec<(u64, FilterId)> = Vec::new();
        let mut groups: BTreeMap<Group, Vec<(u64, FilterId)>> = BTreeMap::new();
        for (id, link) in self.links.iter().filter(|(_, link)| link.is_there()) {
            if link.no_echo && *id == from {
                continue;
            }
            for (by, asked) in link.asks(parcel) {
                match &asked.group {
                    None => to.push((*id, by)),
                    Some(group) => {
                        let group = (group.clone(), asked.filter.clone());
                        groups.entry(group).or_default().push((*id, by));
                    }
                }
            }
        }
        for members in groups.into_values() {
            let one = self.faults.pick(members.len());
            to.extend(members.get(one));
        }
        self.counts.unheard += u64::from(to.is_empty());
        for (id, by) in to {
            let (times, behind) = self.faults.decide();
            self.counts.lost += u64::from(times == 0);
            self.counts.duplicated += u64::from(times == 2);
            for _ in 0..times {
                if let Some(link) = self.links.get_mut(&id) {
                    link.send(from, now + behind, now, parcel.clone(), by);
                }
            }
        }
    }
}
