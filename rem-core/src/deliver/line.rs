//! [`Line`]: one order for all subscribers of a root bus, under [`Ordering::Total`](crate::Ordering::Total).

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;

use super::pending::Pending;
use super::turn::{self, Task, Turn};
use super::{isolate, queue, quietly, run, run_all, run_all_measured, run_each, serve_queues};
use crate::bus::Core;
use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind, Refusal};
use crate::event::{Event, Seen};
use crate::publish::{Condition, Ready, Receipt, handling_in_line};
use crate::queue::Channel;
use crate::route::{Route, Seats, is_stale};
use crate::subscription::Entry;
use crate::sync::{Mutex, MutexGuard, ThreadId, current_thread, lock};
use crate::trace::Origin;

/// For how many events a line keeps room when nobody stands in it.
const ROOM: usize = 1_024;

/// Where events wait for their turn, in the order of their numbers.
///
/// The protocol: under its lock, and nowhere else, an event gets its number, goes into the history and takes its place here.
/// Whoever finds then that nobody has the turn has it, and, with no lock held, delivers what stands here until nothing does;
/// that nothing does and that the turn is free again is said under the lock, in one step. Whoever finds it taken returns. So
/// what stands here has a thread that is bound to deliver it, and nobody waits for another thread's turn. A thread that is
/// calling handlers, for another bus too, has the turn and delivers when these have returned. Checked by loom
/// (`deliver/loom.rs`).
#[derive(Default)]
pub(crate) struct Line(Mutex<Standing>);

#[derive(Default)]
struct Standing {
    /// None while the turn is free.
    events: VecDeque<Pending>,
    /// The thread that has the turn.
    turn: Option<ThreadId>,
    /// How many seats events have at each queue, those that stand here and the one that is handed over.
    seats: Vec<(Arc<Channel>, usize)>,
}

/// Has a draft recorded, by `keep`, and gives it its place. `None` if it waits there, or has been delivered from there.
///
/// # Errors
/// If as many wait already as may, and what `keep` says. Then it was not recorded.
pub(crate) fn line_up<'l>(
    core: &'l Arc<Core>,
    line: &'l Line,
    draft: &mut Draft,
    route: &Arc<Route>,
    seats: Seats,
    receipt: &mut Receipt,
    keep: impl FnOnce(&mut Draft) -> Result<(), Box<Failure>>,
) -> Result<Option<First<'l>>, Box<Failure>> {
    let this = current_thread();
    let turn = Turn::take();
    let mut standing = lock(&line.0);
    if turn.is_none() || standing.turn.is_some() {
        check_room(core, &standing, draft, route)?;
        drop(standing);
        drop(turn);
        return wait(core, line, draft, route, seats, receipt, keep).map(|()| None);
    }
    keep(draft)?;
    if !leads_anywhere(core, route) {
        return Ok(None);
    }
    let channels = seats.channels();
    standing.hold(&channels);
    let head = HeadOfLine::take(core, line, standing, this, turn);
    Ok(Some(First { head, seats, seated: Seated(line, channels) }))
}

/// The same for an event that will not be the first.
fn wait(
    core: &Arc<Core>,
    line: &Line,
    draft: &mut Draft,
    route: &Arc<Route>,
    mut seats: Seats,
    receipt: &mut Receipt,
    keep: impl FnOnce(&mut Draft) -> Result<(), Box<Failure>>,
) -> Result<(), Box<Failure>> {
    // Its publisher is told who wants it, and by its filters, which are asked before it has a number.
    seats.ask_all(draft, route);
    let wanting: Vec<_> = seats.wanting(route).collect();
    let origin = isolate(|| Origin::of(draft.event())).unwrap_or_default();
    let (this, turn) = (current_thread(), Turn::take());
    let mut standing = lock(&line.0);
    check_room(core, &standing, draft, route)?;
    keep(draft)?;
    if !leads_anywhere(core, route) {
        return Ok(());
    }
    let has_come = has_come(core, route).then_some(draft.own_topic_of().is_some());
    let (channels, failed) = (seats.channels(), seats.failed());
    standing.hold(&channels);
    let has_seats = !channels.is_empty();
    let pending = Pending::new(
        Arc::clone(draft.event()),
        Arc::clone(route),
        seats,
        channels,
        has_come,
        origin,
    );
    if turn.is_some() && standing.turn.is_none() {
        // Its turn has come while the filters were asked.
        let head = HeadOfLine::take(core, line, standing, this, turn);
        pending.deliver(core, line, receipt);
        drop(head);
        return Ok(());
    }
    standing.events.push_back(pending);
    leave(core, line, standing, this, turn);
    if has_seats {
        core.waits.look_again();
    }
    receipt.failed += u32::try_from(failed).unwrap_or(u32::MAX);
    count(draft.event(), &wanting, receipt);
    Ok(())
}

/// Has events that are ready recorded in a row, by `keep`, if nothing has come that must not, and gives them their places, one
/// behind the other.
///
/// What must not have come is looked for with no lock held; that nothing has come since is seen under it, for nothing gets a
/// number elsewhere.
pub(crate) fn line_up_all<R>(
    core: &Arc<Core>,
    line: &Line,
    mut condition: Option<&mut Condition>,
    ready: &mut Vec<Ready>,
    keep: impl FnOnce(&mut Vec<Ready>) -> R,
) -> Result<R, Refusal> {
    for Ready { event, origin, .. } in ready.iter_mut() {
        *origin = isolate(|| Origin::of(event)).unwrap_or_default();
    }
    let this = current_thread();
    let (mut standing, turn) = loop {
        let looked = condition.as_mut().map(|condition| condition.look(core)).transpose()?;
        let turn = Turn::take();
        let standing = lock(&line.0);
        let limit = core.limits.deferred;
        if standing.events.len() + ready.len() > limit {
            drop(standing);
            return Err(PublishErrorKind::TooManyDeferred { limit }.into());
        }
        if looked.is_none_or(|last| last == core.last_sequence()) {
            break (standing, turn);
        }
    };
    let kept = keep(ready);
    let mut counted = Vec::with_capacity(ready.len());
    for Ready { event, route, seats, is_own, origin, .. } in ready.iter_mut() {
        let wanting: Vec<_> = seats.wanting(route).cloned().collect();
        counted.push((wanting, seats.failed()));
        if !leads_anywhere(core, route) {
            continue;
        }
        let has_come = has_come(core, route).then_some(*is_own);
        let channels = seats.channels();
        standing.hold(&channels);
        let (event, route, seats) = (Arc::clone(event), Arc::clone(route), mem::take(seats));
        let origin = mem::take(origin);
        standing.events.push_back(Pending::new(event, route, seats, channels, has_come, origin));
    }
    leave(core, line, standing, this, turn);
    core.waits.look_again();
    for (Ready { event, receipt, .. }, (wanting, failed)) in ready.iter_mut().zip(&counted) {
        receipt.failed += u32::try_from(*failed).unwrap_or(u32::MAX);
        count(event, &wanting.iter().collect::<Vec<_>>(), receipt);
    }
    Ok(kept)
}

/// Counts those who will have an event that is under way.
fn count(event: &Arc<Event>, wanting: &[&Arc<Entry>], receipt: &mut Receipt) {
    for entry in wanting {
        match isolate(|| entry.fits(&Seen::new(event))) {
            Ok(true) => receipt.deferred += 1,
            Ok(false) => {}
            Err(_) => receipt.failed += 1,
        }
    }
}

/// Whether there is something to be done with an event beside that it is recorded.
fn leads_anywhere(core: &Core, route: &Route) -> bool {
    !route.entries.is_empty() || has_come(core, route)
}

/// Whether somebody may have come who reads the past, and not be on the route.
fn has_come(core: &Core, route: &Route) -> bool {
    core.history.is_some() && is_stale(core, route)
}

/// Refuses a draft for which there is no room.
fn check_room(
    core: &Core,
    standing: &Standing,
    draft: &Draft,
    route: &Route,
) -> Result<(), Box<Failure>> {
    let limit = core.limits.deferred;
    if standing.events.len() < limit || !leads_anywhere(core, route) {
        return Ok(());
    }
    Err(Failure::new(PublishErrorKind::TooManyDeferred { limit }, draft.topic()))
}

/// Lets a system event wait. If there is no room it is let go: what it tells of is counted all the same.
pub(super) fn push(core: &Arc<Core>, line: &Line, pending: Pending) {
    let (this, turn) = (current_thread(), Turn::take());
    let mut standing = lock(&line.0);
    if standing.events.len() < core.limits.deferred {
        standing.events.push_back(pending);
        leave(core, line, standing, this, turn);
    } else {
        drop(standing);
        quietly(pending);
    }
}

/// What stands in the line is left to whoever has the turn: to this thread if nobody has, at once or when the handlers that
/// it is calling have returned.
fn leave(
    core: &Arc<Core>,
    line: &Line,
    standing: MutexGuard<'_, Standing>,
    this: ThreadId,
    turn: Option<Turn>,
) {
    if standing.turn.is_none() {
        drop(HeadOfLine::take(core, line, standing, this, turn));
    }
}

/// An event whose turn it is.
pub(crate) struct First<'l> {
    head: HeadOfLine<'l>,
    seats: Seats,
    seated: Seated<'l>,
}

impl First<'_> {
    /// Hands it over, and then what has come to stand in the line meanwhile. Returns how many inline handlers have had it,
    /// beside what is counted in the receipt.
    pub(crate) fn hand_over(
        self,
        event: &Arc<Event>,
        route: &Arc<Route>,
        late: Box<[Arc<Entry>]>,
        receipt: &mut Receipt,
    ) -> u32 {
        let Self { head, seats, seated } = self;
        let core = head.core;
        let (queues, inline) = route.entries.split_at(route.queues);
        handling_in_line(event, None, route, || {
            if !queues.is_empty() {
                queue::put(core, event, queues, seats, receipt);
            }
            drop(seated);
            let late =
                if late.is_empty() { late } else { serve_queues(core, event, late, receipt) };
            let delivered = match &route.measure {
                None => run_all(core, event, inline, receipt),
                Some(measure) => run_all_measured(core, event, inline, receipt, measure),
            };
            if !late.is_empty() {
                // They stand behind those who were there.
                run_each(core, event, &late, false, receipt, None);
            }
            delivered
        })
    }
}

/// The queues at which an event that is handed over has seats, until it has used them.
pub(super) struct Seated<'l>(pub(super) &'l Line, pub(super) Vec<Arc<Channel>>);

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        if !self.1.is_empty() {
            let gone = lock(&self.0.0).let_go(&self.1);
            drop(gone); // under no lock
        }
    }
}

/// The right to deliver what stands in a line, which one thread has. When it is dropped that is done, and given up.
struct HeadOfLine<'l> {
    core: &'l Arc<Core>,
    line: &'l Line,
    /// The thread's own; `None` if that has handlers to return from first.
    turn: Option<Turn>,
}

impl<'l> HeadOfLine<'l> {
    fn take(
        core: &'l Arc<Core>,
        line: &'l Line,
        mut standing: MutexGuard<'_, Standing>,
        this: ThreadId,
        turn: Option<Turn>,
    ) -> Self {
        standing.turn = Some(this);
        Self { core, line, turn }
    }
}

impl Drop for HeadOfLine<'_> {
    fn drop(&mut self) {
        if !self.line.is_done() {
            come_back(Task::Line(Arc::clone(self.core)));
        }
        if let Some(turn) = self.turn.take() {
            turn.finish(run);
        }
    }
}

/// Has this thread go on with a line of which it has the turn, when it comes to it.
fn come_back(task: Task) {
    // In a thread that ends there may be no later: then it is now.
    if let Some(Task::Line(core)) = turn::wait(task) {
        while deliver_next(&core) {}
    }
}

/// Delivers what stands in the line, until nothing does. What else this thread has to do is done in between: a line may be
/// endless.
pub(super) fn go_on(core: Arc<Core>) {
    while deliver_next(&core) {
        if turn::waiting() > 0 {
            return come_back(Task::Line(core));
        }
    }
    quietly(core);
}

/// Delivers the first that waits; if none does, gives up the turn.
fn deliver_next(core: &Arc<Core>) -> bool {
    let Some(line) = &core.line else { return false };
    let Some(next) = line.next() else { return false };
    // Whatever comes of it, the next has its turn.
    let _ = isolate(|| next.deliver(core, line, &mut Receipt::default()));
    true
}

impl Line {
    fn next(&self) -> Option<Pending> {
        let mut standing = lock(&self.0);
        let next = standing.events.pop_front();
        if next.is_none() {
            standing.give_up();
        }
        next
    }

    /// Gives up the turn if nothing is left to be delivered.
    fn is_done(&self) -> bool {
        let mut standing = lock(&self.0);
        let is_done = standing.events.is_empty();
        if is_done {
            standing.give_up();
        }
        is_done
    }

    /// The thread that has the turn, if events in its hands have all the seats of a queue, in which there is then nothing
    /// to be read.
    pub(crate) fn holds_all(&self, channel: &Arc<Channel>) -> Option<ThreadId> {
        let (held, turn) = {
            let standing = lock(&self.0);
            (standing.held(channel), standing.turn)
        };
        turn.filter(|_| held >= channel.capacity() && channel.len() == 0)
    }
}

impl Standing {
    /// In one step with the look: whoever comes now finds the turn free.
    fn give_up(&mut self) {
        self.turn = None;
        if self.events.capacity() > ROOM {
            self.events.shrink_to(0);
        }
    }

    fn hold(&mut self, channels: &[Arc<Channel>]) {
        for channel in channels {
            match self.seats.iter_mut().find(|(other, _)| Arc::ptr_eq(other, channel)) {
                Some((_, seats)) => *seats += 1,
                None => self.seats.push((Arc::clone(channel), 1)),
            }
        }
    }

    /// Gives back those at which none is held any longer, to be dropped under no lock.
    fn let_go(&mut self, channels: &[Arc<Channel>]) -> Vec<(Arc<Channel>, usize)> {
        for channel in channels {
            if let Some((_, seats)) =
                self.seats.iter_mut().find(|(other, _)| Arc::ptr_eq(other, channel))
            {
                *seats -= 1;
            }
        }
        self.seats.extract_if(.., |(_, seats)| *seats == 0).collect()
    }

    fn held(&self, channel: &Arc<Channel>) -> usize {
        let held = self.seats.iter().find(|(other, _)| Arc::ptr_eq(other, channel));
        held.map_or(0, |(_, seats)| *seats)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Line").field(&lock(&self.0).events.len()).finish()
    }
}

#[cfg(all(test, not(rem_loom)))]
#[test]
fn a_line_shows_how_many_stand_in_it() {
    assert_eq!(format!("{:?}", Line::default()), "Line(0)");
}
