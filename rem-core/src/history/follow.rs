//! [`Follow`]: a history read in the order of its numbers, from anywhere in the past on to what is being published.

use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;
use std::mem;
use std::ops::RangeInclusive;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use rem_patterns::{IntoPattern, Topic};

use super::bell::Bell;
use super::{Ask, Found, History, PAGE, Read, Reader};
use crate::bus::{Bus, Core, End};
use crate::deliver::{each_quietly, isolate, quietly};
use crate::error::SubscribeError;
use crate::event::{self, Event, Head, Payload, Shape, Wanted};
use crate::queue::Lagged;
use crate::route::{selects, selects_topic};
use crate::subscription::{Delivery, Entry, Subscription, SubscriptionBuilder, reads};
use crate::sync::atomic::Ordering;
use crate::sync::{self, park, thread_waker, yield_now};

/// How many topics it knows the answer for.
const TOPICS: usize = 256;
/// How often it lets others run before it sleeps a moment, for a publisher that is about to write its event.
const YIELDS: u32 = 64;
const MOMENT: Duration = Duration::from_micros(50);

/// A history read forwards, each event that is selected once and in the order of the numbers, to its end and then as it is
/// published: see [`Bus::follow`].
///
/// It has no queue: it reads the history, so that no publisher waits for it, and one that is slow costs no memory. What the
/// history lets go before it is read is told.
pub struct Follow<T: ?Sized = dyn Payload> {
    core: Weak<Core>,
    entry: Arc<Entry>,
    wanted: Option<Wanted>,
    bell: Arc<Bell>,
    /// What has the bell rung. None where only the past is read.
    _rings: Option<Subscription>,
    /// The next number to be read.
    next: u64,
    answers: Box<[Option<Answer>]>,
    /// Empty, with room for a page.
    page: Vec<Arc<Event>>,
    of: PhantomData<fn() -> Arc<Event<T>>>,
}

/// Whether a topic is selected, published on a bus whose prefix has so many bytes.
struct Answer(Topic, usize, bool);

/// How [`Follow::read`] ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Followed {
    /// As many were read as were asked for; there may be more.
    More,
    /// All is read that is there.
    Idle,
    /// The history let go of these before they were read, and some may have been selected.
    Lost(Lagged),
    /// This one is selected, and its data cannot be read as the type that is asked for.
    Unreadable(Arc<Event>),
    /// All is read, and nothing more will come: the bus is closed or gone.
    Ended,
}

impl Bus {
    /// Reads the history for all events of one type, whichever bus below this one they were published on, or of any type
    /// (`dyn Payload`), behind a number, and goes on with what is published: what a state is made of that has to be made again in
    /// the same way.
    ///
    /// ```
    /// use rem_core::{Bus, EventType, Followed};
    ///
    /// # fn sum<E: EventType>(bus: &Bus) -> Result<(), rem_core::SubscribeError> {
    /// let mut follow = bus.follow::<E>(0)?;
    /// let mut events = Vec::new();
    /// while let Followed::More = follow.read(u64::MAX, 4_096, &mut events) {
    ///     events.clear(); // when they are counted
    /// }
    /// println!("up to {}", follow.position());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A closed bus, and one without history.
    #[track_caller]
    pub fn follow<T: Shape + ?Sized>(&self, after: u64) -> Result<Follow<T>, SubscribeError> {
        let place = Location::caller();
        let Some(wanted) = T::wanted() else { return self.follow_pattern("**", after) };
        let Some(pattern) = (wanted.topics)() else {
            return self.follow_pattern("$rem.nothing", after);
        };
        let builder = SubscriptionBuilder::by_type(self, Ok(pattern), place);
        Follow::new(self, builder, after, |bell| {
            Delivery::inline(move |event: &Event<T>| bell.ring(event.sequence().unwrap_or(0)))
        })
    }

    /// The same for the events whose topics a pattern selects, below the bus's prefix, and that can be seen as `T`.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, a closed bus, and one without history.
    #[track_caller]
    pub fn follow_pattern<T: Shape + ?Sized>(
        &self,
        pattern: impl IntoPattern,
        after: u64,
    ) -> Result<Follow<T>, SubscribeError> {
        Follow::new(self, self.subscription(pattern), after, |bell| {
            Delivery::inline(move |event: &Event| bell.ring(event.sequence().unwrap_or(0)))
        })
    }
}

impl<T: Shape + ?Sized> Follow<T> {
    fn new(
        bus: &Bus,
        builder: SubscriptionBuilder<'_>,
        after: u64,
        rings: impl FnOnce(Arc<Bell>) -> Delivery,
    ) -> Result<Self, SubscribeError> {
        let core = &bus.state().core;
        if core.history.is_none() {
            return Err(SubscribeError::NoHistory);
        }
        let bell = Arc::new(Bell::default());
        // As one that reads the past first: who is publishing just now has to ring, or to be read.
        let entry = builder.made(rings(Arc::clone(&bell)), Entry::read_past_first)?;
        let subscription = Subscription::new(core, Arc::clone(&entry));
        let mut past = core.sequence.fetch_add(0, Ordering::AcqRel);
        while let Err(left) = entry.open(past) {
            past = left;
        }
        bell.ring(past);
        bus.state().tell_end(&(Arc::clone(&bell) as Arc<dyn End>));
        Ok(Self::on(Arc::downgrade(core), entry, bell, Some(subscription), after))
    }

    /// Of what can be read when it is asked, with nobody told of what is published: no publisher knows of it, and there is nothing
    /// to wait for.
    pub(crate) fn unheard(
        bus: &Bus,
        pattern: impl IntoPattern,
        after: u64,
        place: &'static Location<'static>,
    ) -> Result<Self, SubscribeError> {
        let core = &bus.state().core;
        if core.history.is_none() {
            return Err(SubscribeError::NoHistory);
        }
        let builder = SubscriptionBuilder::new(bus, pattern.into_pattern(), place);
        let entry = builder.made(Delivery::inline(|_: &Event<T>| ()), Entry::read_past_first)?;
        let bell = Arc::new(Bell::default());
        bus.state().tell_end(&(Arc::clone(&bell) as Arc<dyn End>));
        Ok(Self::on(Arc::downgrade(core), entry, bell, None, after))
    }

    fn on(
        core: Weak<Core>,
        entry: Arc<Entry>,
        bell: Arc<Bell>,
        rings: Option<Subscription>,
        after: u64,
    ) -> Self {
        let answers = (0..TOPICS).map(|_| None).collect();
        let (wanted, next, of) = (T::wanted(), after.saturating_add(1), PhantomData);
        let page = Vec::new();
        Self { core, entry, wanted, bell, _rings: rings, next, answers, page, of }
    }

    /// The same events, to be read from another number on. It is not told of what is published: its
    /// [`wait`](Self::wait) is the other's.
    #[must_use]
    pub fn again(&self, after: u64) -> Self {
        let (core, entry, bell) = (self.core.clone(), &self.entry, &self.bell);
        Self::on(core, Arc::clone(entry), Arc::clone(bell), None, after)
    }

    /// All up to this number was read.
    pub fn position(&self) -> u64 {
        self.next - 1
    }

    /// The last number that was given out.
    pub fn last(&self) -> u64 {
        self.core.upgrade().map_or(0, |core| core.last_sequence())
    }

    /// The numbers that can be read of the history; `None` if none can.
    pub fn readable(&self) -> Option<RangeInclusive<u64>> {
        self.core.upgrade()?.history.as_ref()?.readable()
    }

    /// What the history has let go behind the position, as far as it may have been selected.
    pub fn missing(&self) -> Option<RangeInclusive<u64>> {
        let core = self.core.upgrade()?;
        let history = core.history.as_ref()?;
        let oldest = *history.readable()?.start();
        let gap = self.next..=oldest.checked_sub(1)?;
        if gap.is_empty() { None } else { history.lost(gap, &reads(&self.entry)) }
    }

    /// Goes on behind another number.
    pub fn seek(&mut self, after: u64) {
        self.next = after.saturating_add(1);
    }

    /// Looks at as many events, and adds those that are selected to `events`; none above the number `last`. It does not wait.
    ///
    /// How it ended comes behind what was added. Whole multiples of 256 are read at once.
    pub fn read(&mut self, last: u64, most: usize, events: &mut Vec<Arc<Event<T>>>) -> Followed {
        let is_over = self.bell.is_over(); // looked at first: what came before it is read
        let Some(core) = self.core.upgrade() else { return Followed::Ended };
        let Some(history) = &core.history else { return Followed::Ended };
        let mut left = most.max(1);
        while core.durable.is_none() && left > 0 {
            match self.in_memory(&**history, last, left, events) {
                Ok(0) => break,
                Ok(read) => left -= read,
                Err(followed) => return followed,
            }
        }
        let by = reads(&self.entry);
        // Where there is an index it pays for a pattern; a type may be anywhere.
        let ask = (!self.entry.by_type).then(|| Ask::of(by.clone()));
        let mut reader = Reader::new(history, by, ask, self.next);
        let followed = loop {
            if left == 0 {
                break Followed::More;
            }
            match reader.step(last) {
                Read::Event(found) => {
                    left -= 1;
                    let is_selected = match &found {
                        Found::Event(event) => self.selects(event),
                        Found::Stored(stored) => self.selects_stored(&stored.head),
                    };
                    if !is_selected {
                        quietly(found);
                        continue;
                    }
                    let number = found.head().sequence().unwrap_or_default();
                    match isolate(|| self.seen(found.event_as(self.wanted.as_ref()))) {
                        Ok(Ok(Some(event))) => events.push(event),
                        Ok(Ok(None)) => {}
                        Ok(Err(event)) => break Followed::Unreadable(event),
                        Err(_) => break unreadable(&**history, number),
                    }
                }
                Read::Lost(numbers) => break Followed::Lost(Lagged::of(numbers)),
                Read::Nothing => {
                    let ended = is_over && reader.next() > core.last_sequence();
                    break if ended { Followed::Ended } else { Followed::Idle };
                }
            }
        };
        self.next = reader.next();
        followed
    }

    /// Reads the next page of a history in memory, if nothing of it is missing, and says how many events it had: with no more
    /// moves of each than a loop over them has.
    fn in_memory(
        &mut self,
        history: &dyn History,
        last: u64,
        most: usize,
        events: &mut Vec<Arc<Event<T>>>,
    ) -> Result<usize, Followed> {
        let Some(readable) = history.readable() else { return Ok(0) };
        let most = u64::try_from(most).unwrap_or(PAGE).min(PAGE);
        let end = self.next.saturating_add(most - 1).min(*readable.end()).min(last);
        if self.next < *readable.start() || end < self.next {
            return Ok(0);
        }
        let mut page = mem::take(&mut self.page);
        history.read(self.next..=end, &mut page);
        let read = page.len();
        if u64::try_from(read) != Ok(end + 1 - self.next) {
            each_quietly(page.drain(..));
            self.page = page;
            return Ok(0); // the other way says what is missing
        }
        // All at once, for that costs as much as one.
        let taken = isolate(|| {
            for event in page.drain(..) {
                self.next += 1;
                if !self.selects(&event) {
                    quietly(event);
                    continue;
                }
                match self.seen(event) {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => {}
                    Err(event) => return Some(event),
                }
            }
            None
        });
        self.page = page;
        match taken {
            Ok(None) => Ok(read),
            Ok(Some(event)) => Err(Followed::Unreadable(event)),
            Err(_) => Err(unreadable(history, self.next - 1)),
        }
    }

    /// The event as the type; `None` if it is none of it, an error if the type has its topic and cannot read it.
    fn seen(&self, event: Arc<Event>) -> Result<Option<Arc<Event<T>>>, Arc<Event>> {
        if event.data.raw().is_none() {
            return Ok(T::own(event));
        }
        if let Some(seen) = T::share(&event) {
            return Ok(Some(seen));
        }
        let is_its_own = self.wanted.is_some_and(|wanted| {
            let topic = event::below(event.head.scoped_topic(), wanted.schema.namespace);
            topic.is_some_and(|topic| wanted.schema.variant_of(topic).is_some())
        });
        if is_its_own { Err(event) } else { Ok(None) }
    }

    /// Whether the event is selected: most often of a topic that was met before.
    fn selects(&mut self, event: &Event) -> bool {
        // One that holds another type may be selected for that, whatever topic it was published under.
        if event.data.part().is_some() {
            return selects(&self.entry, event);
        }
        self.selects_stored(&event.head)
    }

    /// The same of one with no type in another, as whatever is stored.
    fn selects_stored(&mut self, head: &Head) -> bool {
        let (topic, scope) = (head.topic.as_str(), usize::from(head.scope));
        let hash = FixedState::default().hash_one(topic);
        let slot = usize::try_from(hash).unwrap_or_default() % TOPICS;
        if let Some(Answer(known, of, answer)) = &self.answers[slot]
            && *of == scope
            && known.as_str() == topic
        {
            return *answer;
        }
        let answer = selects_topic(&self.entry, topic, scope);
        self.answers[slot] = Some(Answer(head.topic.clone(), scope, answer));
        answer
    }

    /// Ready with `true` if it is over or nudged, with `false` if there is something to be read or about to be; else the waker
    /// is woken then.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<bool> {
        self.bell.poll(self.next, waker)
    }

    /// Waits until there may be something to read, and at most until then; sometimes for less.
    pub fn wait(&mut self, until: Option<Instant>) {
        let waker = thread_waker();
        let mut looks = 0;
        loop {
            let now = sync::now();
            if until.is_some_and(|until| now >= until) {
                return;
            }
            match self.poll(&waker) {
                Poll::Ready(true) => return,
                Poll::Ready(false)
                    if self.readable().is_none_or(|range| *range.end() >= self.next) =>
                {
                    return;
                }
                // A publisher has its number and is about to write its event; to a disk, perhaps.
                Poll::Ready(false) if looks < YIELDS => {
                    looks += 1;
                    yield_now();
                }
                Poll::Ready(false) => park(now.checked_add(MOMENT)),
                Poll::Pending => park(until),
            }
        }
    }

    /// Whether the bus is closed or gone: what is not read yet is all that there will be.
    pub fn is_over(&self) -> bool {
        self.bell.is_over()
    }

    /// What ends its [`wait`](Self::wait) from elsewhere.
    pub fn nudge(&self) -> Nudge {
        Nudge(Arc::clone(&self.bell))
    }
}

/// What is said of an event whose data made users' code panic: as it is kept it can be given.
fn unreadable(history: &dyn History, number: u64) -> Followed {
    let mut again = Vec::new();
    history.read(number..=number, &mut again);
    again.pop().map_or_else(|| Followed::Lost(Lagged::of(number..=number)), Followed::Unreadable)
}

/// Ends the waiting of a [`Follow`]. A handle; its clones are the same.
#[derive(Debug, Clone)]
pub struct Nudge(Arc<Bell>);

impl Nudge {
    /// Lets it look around once.
    pub fn now(&self) {
        self.0.nudge();
    }

    /// Lets it read up to that number, which was given out, whether it selects it or not.
    pub fn up_to(&self, sequence: u64) {
        self.0.ring(sequence);
    }
}

impl<T: ?Sized> fmt::Debug for Follow<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("pattern", &self.entry.pattern)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
