//! Seats: room in the queues that must not lose an event, taken before it has a number.

use std::mem;
use std::sync::Arc;

use super::Route;
use crate::bus::Core;
use crate::deliver::isolate;
use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind, Refusal};
use crate::queue::{Channel, Deadline, Overflow, Seat, Waited};
use crate::record::Place;
use crate::subscription::Entry;

/// What a draft has at the queues of its route, in their order. `None` if none of them has seats, as nearly always: then
/// it is one word, which every publish carries along.
///
/// What was not used when it is dropped is given back.
#[derive(Default)]
pub(crate) struct Seats(Option<Box<Taken>>);

#[derive(Default)]
struct Taken(Vec<Held>);

/// What a draft has at one queue, or at one handler if [all were asked](Seats::ask_all).
#[derive(Default)]
pub(crate) enum Held {
    /// The queue has no seats: its filters have not been asked.
    #[default]
    Unasked,
    /// A filter said no, or nobody reads any longer.
    Unwanted,
    /// A filter panicked.
    Failed(Box<str>),
    /// A seat is wanted, and not taken.
    Wanted,
    Seat(Arc<Channel>),
    /// The filters let it pass, and it takes no seat.
    Wants,
}

impl Seats {
    #[inline]
    pub(crate) fn are_none(&self) -> bool {
        self.0.is_none()
    }

    /// What the draft has at the queue in that place, which is used with it.
    pub(crate) fn take(&mut self, place: usize) -> Held {
        let held = self.0.as_mut().and_then(|taken| taken.0.get_mut(place));
        held.map(mem::take).unwrap_or_default()
    }

    /// Asks the filters that have not been asked, of handlers too, for an event that others may deliver. Not whether its
    /// data is of the type: a view that was made for it now would have no number.
    pub(crate) fn ask_all(&mut self, draft: &Draft, route: &Route) {
        let Taken(all) = &mut **self.0.get_or_insert_default();
        all.resize_with(route.entries.len(), Held::default);
        for (held, entry) in all.iter_mut().zip(&route.entries) {
            if let Held::Unasked = held {
                *held = filtered(entry, draft, Held::Wants);
            }
        }
    }

    /// Who let it pass, once all were asked.
    pub(crate) fn wanting<'r>(
        &self,
        route: &'r Route,
    ) -> impl Iterator<Item = &'r Arc<Entry>> + use<'_, 'r> {
        let all = self.held().zip(&route.entries);
        all.filter(|(held, _)| matches!(held, Held::Wants | Held::Seat(_))).map(|(_, entry)| entry)
    }

    /// Where a filter panicked, so that nobody knows.
    pub(crate) fn failed(&self) -> usize {
        self.held().filter(|held| matches!(held, Held::Failed(_))).count()
    }

    /// The queues at which there is a seat.
    pub(crate) fn channels(&self) -> Vec<Arc<Channel>> {
        let seat = |held: &Held| match held {
            Held::Seat(channel) => Some(Arc::clone(channel)),
            _ => None,
        };
        self.held().filter_map(seat).collect()
    }

    /// Takes away what it has from that place on.
    pub(crate) fn split_off(&mut self, place: usize) -> Self {
        let taken = self.0.as_mut().filter(|taken| place <= taken.0.len());
        Self(taken.map(|taken| Box::new(Taken(taken.0.split_off(place)))))
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.0.iter().flat_map(|taken| &taken.0)
    }
}

impl Taken {
    /// Uses seats that were taken ahead; those that are not wanted are given back.
    fn use_up(&mut self, mut ahead: Ahead, route: &Route) {
        for (held, entry) in self.0.iter_mut().zip(&route.entries) {
            if let (Held::Wanted, Some(channel)) = (&*held, entry.queue())
                && let Some(seat) = ahead.take(channel)
            {
                *held = Held::Seat(seat);
            }
        }
    }

    fn give_back(&mut self) {
        for held in &mut self.0 {
            if let Held::Seat(channel) = held {
                channel.release();
                *held = Held::Wanted;
            }
        }
    }

    /// Takes a seat at each queue that wants the event. The first without one ends it, and all are given back: who waits
    /// holds nothing that another may wait for.
    fn take_all<'r>(&mut self, route: &'r Route) -> Result<(), (&'r Entry, &'r Arc<Channel>)> {
        for (held, entry) in self.0.iter_mut().zip(&route.entries) {
            let (Held::Wanted, Some(channel)) = (&*held, entry.queue()) else { continue };
            *held = match channel.seat() {
                Seat::Taken => Held::Seat(Arc::clone(channel)),
                Seat::Ended => Held::Unwanted,
                Seat::Full => {
                    self.give_back();
                    return Err((entry, channel));
                }
            };
        }
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Seats taken before the publish began, and a place in the history, by a publisher that has waited for them and must not be
/// blocked. One word, which every publish is given.
#[derive(Default)]
pub(crate) struct Ahead(Box<(Vec<Arc<Channel>>, Option<Place>)>);

impl Ahead {
    /// A seat in each queue of the route for which a publisher waits; or the first that is full.
    ///
    /// Whether a filter will say no is not known yet, for there is no event to ask about.
    pub(crate) fn of(route: &Route) -> Result<Self, Arc<Channel>> {
        let mut ahead = Self::default();
        for channel in route.entries[..route.queues].iter().filter_map(|entry| entry.queue()) {
            if let Overflow::Block(_) = channel.overflow() {
                match channel.seat() {
                    Seat::Taken => ahead.0.0.push(Arc::clone(channel)),
                    Seat::Ended => {}
                    Seat::Full => return Err(Arc::clone(channel)),
                }
            }
        }
        Ok(ahead)
    }

    /// With a place in the history, if that outlives the process; `None` if there is none now.
    pub(crate) fn with_place(mut self, core: &Core) -> Option<Self> {
        // What else is wrong with the history the publish itself says.
        if let Some(Ok(place)) = core.durable.as_ref().map(Place::take) {
            self.0.1 = Some(place?);
        }
        Some(self)
    }

    /// The place in the history.
    pub(crate) fn place(&mut self) -> Option<Place> {
        self.0.1.take()
    }

    /// The seat at one queue, if there is one.
    fn take(&mut self, channel: &Arc<Channel>) -> Option<Arc<Channel>> {
        let at = self.0.0.iter().position(|other| Arc::ptr_eq(other, channel))?;
        Some(self.0.0.swap_remove(at))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.0.iter().for_each(|channel| channel.release());
    }
}

/// Asks for room in every queue that must not lose an event. With seats taken `ahead` it waits for no other.
#[inline]
pub(crate) fn reserve(
    core: &Core,
    draft: &Draft,
    route: &Route,
    ahead: Option<Ahead>,
) -> Result<Seats, Box<Failure>> {
    if route.has_seats { take(core, draft, route, ahead) } else { Ok(Seats::default()) }
}

#[cold]
fn take(
    core: &Core,
    draft: &Draft,
    route: &Route,
    ahead: Option<Ahead>,
) -> Result<Seats, Box<Failure>> {
    let queues = route.entries.iter().take(route.queues);
    let mut seats = Taken(queues.map(|entry| ask(entry, draft)).collect());
    let may_wait = ahead.is_none();
    if let Some(ahead) = ahead {
        seats.use_up(ahead, route);
    }
    let mut deadline = Deadline::default();
    while let Err((entry, channel)) = seats.take_all(route) {
        let waited = match channel.overflow() {
            Overflow::Block(limit) if may_wait => {
                core.waits.for_room(channel, *limit, &mut deadline, core.line.as_ref())
            }
            _ => Waited::TimedOut,
        };
        let refusal: Refusal = match waited {
            Waited::Again => continue,
            Waited::TimedOut => PublishErrorKind::queue_full(entry, channel).into(),
            Waited::Deadlock => PublishErrorKind::would_deadlock(entry).into(),
        };
        return Err(Failure::new(refusal, draft.topic()));
    }
    Ok(Seats(Some(Box::new(seats))))
}

fn ask(entry: &Entry, draft: &Draft) -> Held {
    if !entry.queue().is_some_and(|channel| channel.has_seats()) {
        return Held::Unasked;
    }
    filtered(entry, draft, Held::Wanted)
}

/// What the filters say; `passed` if they let it pass.
fn filtered(entry: &Entry, draft: &Draft, passed: Held) -> Held {
    match isolate(|| !entry.is_over() && entry.accepts(draft)) {
        Ok(true) => passed,
        Ok(false) => Held::Unwanted,
        Err(panic) => Held::Failed(panic),
    }
}
