//! Step 5: into each queue, then to each handler, in its turn, isolated from the others.

mod isolate;
mod line;
#[cfg(all(test, rem_loom))]
mod loom;
mod pending;
mod queue;
mod turn;

use std::slice::Iter;
use std::sync::Arc;

use crate::bus::{Core, State};
use crate::event::{Event, Seen};
use crate::history::Evicted;
use crate::probe::Measure;
use crate::publish::{self, Receipt, handling};
use crate::route::{Route, Seats};
use crate::subscription::{About, Asked, Called, Entry};
use crate::system::{self, SystemEvent};

pub(crate) use isolate::{each_quietly, isolate, quietly, wake};
pub(crate) use line::{Line, line_up, line_up_all};
use pending::Pending;
pub(crate) use turn::waiting;
use turn::{Task, Turn, Waiting};

/// Hands the event to every subscription of its route that wants it. Returns how many inline handlers have had it, which
/// is what there is to say of nearly every event; all else is counted in the receipt.
///
/// In a thread that is delivering already, for a handler published this, the event waits until the current one has
/// reached all of its own: nobody sees an effect before its cause, and nothing recurses.
pub(crate) fn hand_over(
    bus: &State,
    event: &Arc<Event>,
    route: &Arc<Route>,
    late: Box<[Arc<Entry>]>,
    seats: Seats,
    receipt: &mut Receipt,
) -> u32 {
    hand_over_by(bus, event, route, late, seats, receipt, run_all)
}

/// The same, and its handlings are measured.
#[cold]
pub(crate) fn hand_over_measured(
    bus: &State,
    event: &Arc<Event>,
    route: &Arc<Route>,
    late: Box<[Arc<Entry>]>,
    seats: Seats,
    receipt: &mut Receipt,
    measure: &Measure,
) -> u32 {
    hand_over_by(bus, event, route, late, seats, receipt, |core, event, entries, receipt| {
        run_all_measured(core, event, entries, receipt, measure)
    })
}

/// `run`: calls every inline handler of the route, and returns how many have had the event.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one way for each who calls it, as if it stood there")]
fn hand_over_by(
    bus: &State,
    event: &Arc<Event>,
    route: &Arc<Route>,
    late: Box<[Arc<Entry>]>,
    seats: Seats,
    receipt: &mut Receipt,
    run_all: impl FnOnce(&Arc<Core>, &Arc<Event>, &[Arc<Entry>], &mut Receipt) -> u32,
) -> u32 {
    let core = &bus.core;
    let mut inline = &route.entries[..];
    if route.queues > 0 {
        let (queues, rest) = inline.split_at(route.queues);
        queue::put(core, event, queues, seats, receipt);
        inline = rest;
    }
    let late = if late.is_empty() { late } else { serve_queues(core, event, late, receipt) };
    let mut delivered = 0;
    if !inline.is_empty() || !late.is_empty() {
        match Turn::take() {
            Some(turn) => {
                delivered = handling(event, None, || {
                    let delivered = run_all(core, event, inline, receipt);
                    if !late.is_empty() {
                        // They stand behind those who were there.
                        run_each(core, event, &late, false, receipt, None);
                    }
                    delivered
                });
                turn.finish(run);
            }
            None => wait(core, event, route, inline, &late, receipt),
        }
    }
    delivered
}

/// Drops what the history let go, last and isolated: it may be user code.
#[inline]
pub(crate) fn let_go(evicted: Evicted) {
    if !evicted.is_empty() {
        quietly(evicted);
    }
}

/// Who came late and has a queue is served; gives back the others.
#[cold]
fn serve_queues(
    core: &Arc<Core>,
    event: &Arc<Event>,
    late: Box<[Arc<Entry>]>,
    receipt: &mut Receipt,
) -> Box<[Arc<Entry>]> {
    let (queues, late): (Vec<_>, Vec<_>) = late.into_iter().partition(|entry| entry.stands_first());
    queue::put(core, event, &queues, Seats::default(), receipt);
    late.into()
}

/// Whether this thread is calling handlers.
pub(crate) fn is_delivering() -> bool {
    Turn::is_taken()
}

/// Whether this thread is within a publish, or calls handlers without one: what it would wait for might be itself.
pub(crate) fn is_within() -> bool {
    is_delivering() || publish::is_publishing()
}

/// Whether a subscription wants an event of the past; if it cannot have it, that is counted and told.
pub(crate) fn wants(core: &Arc<Core>, entry: &Entry, event: &Arc<Event>) -> bool {
    match isolate(|| entry.accepts(event).then(|| entry.fits(&Seen::new(event)))) {
        Ok(Some(true)) => return true,
        Ok(Some(false)) => mismatched(core, entry, event),
        Ok(None) => {}
        Err(panic) => failed(core, entry, event, panic, true),
    }
    false
}

/// Gives one subscription an event of the past, in this thread, which [is not delivering](is_delivering).
pub(crate) fn replay(core: &Arc<Core>, entry: &Entry, event: &Arc<Event>) {
    let turn = Turn::take();
    handling(event, None, || {
        let said = isolate(|| entry.replay(event));
        if let Ok(Called::Done) = said {
            entry.count_delivery();
        }
        called(core, entry, event, said, &mut Receipt::default());
    });
    if let Some(turn) = turn {
        turn.finish(run);
    }
}

/// Puts the event in the queue of this thread's turn. Subscriptions are asked now, so that the receipt can count.
#[cold]
fn wait(
    core: &Arc<Core>,
    event: &Arc<Event>,
    route: &Arc<Route>,
    inline: &[Arc<Entry>],
    late: &[Arc<Entry>],
    receipt: &mut Receipt,
) {
    // The route has counted the event for all of its own, and none has it yet.
    for entry in inline {
        entry.count_not_had();
    }
    let entries = ask_each(core, event, &[inline, late], receipt);
    if !entries.is_empty() {
        wait_for_turn(Waiting::new(core, Arc::clone(event), entries, Some(route)));
    }
}

/// Who wants an event that has to wait. The others are counted as what they say.
fn ask_each(
    core: &Arc<Core>,
    event: &Arc<Event>,
    entries: &[&[Arc<Entry>]],
    receipt: &mut Receipt,
) -> Box<[Arc<Entry>]> {
    let count = entries.iter().map(|entries| entries.len()).sum();
    let (mut wanting, mut later) = (Vec::with_capacity(count), 0);
    let seen = Seen::new(event);
    for entry in entries.iter().copied().flatten() {
        match isolate(|| entry.ask(&seen)) {
            Ok(Asked::Wants) => wanting.push(Arc::clone(entry)),
            Ok(Asked::Passes) => {}
            Ok(Asked::Later) => later += 1,
            Ok(Asked::Had) => receipt.delivered += 1,
            Ok(Asked::Mismatched) => mismatched(core, entry, event),
            Err(panic) => {
                receipt.failed += 1;
                failed(core, entry, event, panic, true);
            }
        }
    }
    receipt.deferred += u32::try_from(wanting.len()).unwrap_or(u32::MAX) + later;
    wanting.into()
}

fn wait_for_turn(waiting: Waiting) {
    // In a thread that ends an event may have nowhere to wait: it is delivered at once, rather than lost.
    if let Some(task) = turn::wait(Task::Event(waiting)) {
        run(task);
    }
}

/// What a thread comes to.
fn run(task: Task) {
    match task {
        Task::Event(waiting) => run_waiting(waiting),
        Task::Line(core) => line::go_on(core),
    }
}

/// One waiting event's turn.
fn run_waiting(waiting: Waiting) {
    let Waiting { core, event, entries, route, above } = waiting;
    // Its publisher has had its receipt; what fails now is told by system events and the subscriptions' counts.
    let mut receipt = Receipt::default();
    let measure = route.as_ref().and_then(|route| route.measure.as_ref());
    handling(&event, above, || run_each(&core, &event, &entries, true, &mut receipt, measure));
    quietly(event);
    quietly((core, entries, route));
}

/// Calls every handler of a route; returns how many have had the event. The route has counted it for all of them: what is
/// not so is noted.
///
/// All of them are isolated at once, and after a panic it goes on behind the one that panicked: isolating each costs as
/// much as calling it.
fn run_all(
    core: &Arc<Core>,
    event: &Arc<Event>,
    entries: &[Arc<Entry>],
    receipt: &mut Receipt,
) -> u32 {
    let seen = Seen::new(event);
    let (mut rest, mut not_done) = (entries.iter(), 0);
    while let Err(panic) = isolate(|| {
        while let Some(entry) = rest.next() {
            match entry.call(&seen, false) {
                Called::Done => {}
                said => {
                    not_done += 1;
                    not_had(core, called_last(entries, &rest), event, Ok(said), receipt);
                }
            }
        }
    }) {
        not_done += 1;
        not_had(core, called_last(entries, &rest), event, Err(panic), receipt);
    }
    u32::try_from(entries.len() - not_done).unwrap_or(u32::MAX)
}

/// Who was called last: looked for when it is needed, so that no register keeps it while all the others are called.
#[cold]
fn called_last<'e>(
    entries: &'e [Arc<Entry>],
    rest: &Iter<'_, Arc<Entry>>,
) -> Option<&'e Arc<Entry>> {
    entries.iter().nth_back(rest.len())
}

#[cold]
#[inline(never)]
fn not_had(
    core: &Arc<Core>,
    entry: Option<&Arc<Entry>>,
    event: &Event,
    said: Result<Called, Box<str>>,
    receipt: &mut Receipt,
) {
    if let Some(entry) = entry {
        entry.count_not_had();
        called(core, entry, event, said, receipt);
    }
}

/// Calls every handler of a route, each measured by itself, if that is wanted.
fn run_all_measured(
    core: &Arc<Core>,
    event: &Arc<Event>,
    entries: &[Arc<Entry>],
    receipt: &mut Receipt,
    measure: &Measure,
) -> u32 {
    let (seen, mut done) = (Seen::new(event), 0);
    for entry in entries {
        let call = || isolate(|| entry.call(&seen, false));
        match Measure::of(Some(measure), event, entry.about(), call) {
            Ok(Called::Done) => done += 1,
            said => not_had(core, Some(entry), event, said, receipt),
        }
    }
    done
}

/// Calls handlers beside those of a route, each counted by itself. `deferred`: they have waited, and their filters were
/// asked when the event was published.
#[cold]
fn run_each(
    core: &Arc<Core>,
    event: &Arc<Event>,
    entries: &[Arc<Entry>],
    deferred: bool,
    receipt: &mut Receipt,
    measure: Option<&Measure>,
) {
    let seen = Seen::new(event);
    for entry in entries {
        if deferred {
            entry.count_resumed();
        }
        let call = || isolate(|| entry.call(&seen, deferred));
        let said = Measure::of(measure, event, entry.about(), call);
        if let Ok(Called::Done) = said {
            entry.count_delivery();
        }
        called(core, entry, event, said, receipt);
    }
}

/// Counts what came of one call.
fn called(
    core: &Arc<Core>,
    entry: &Entry,
    event: &Event,
    said: Result<Called, Box<str>>,
    receipt: &mut Receipt,
) {
    match said {
        Ok(Called::Done | Called::Had) => receipt.delivered += 1,
        Ok(Called::Passed) => {}
        Ok(Called::Later) => receipt.deferred += 1,
        Ok(Called::Mismatched) => mismatched(core, entry, event),
        Ok(Called::Failed(error)) => {
            receipt.failed += 1;
            failed(core, entry, event, *error, false);
        }
        Err(panic) => {
            receipt.failed += 1;
            failed(core, entry, event, panic, true);
        }
    }
}

/// Counts a failure of a task and tells of it.
pub(crate) fn task_failed(
    core: &Arc<Core>,
    about: &About,
    event: &Event,
    error: &str,
    panicked: bool,
) {
    about.count_failure(error);
    if !event.topic().is_system() {
        system::report(core, about.prefix(), || {
            SystemEvent::handler_failed(about, event, error.into(), panicked)
        });
    }
}

/// Tells of something about an event of a task that failed, which is counted already.
pub(crate) fn task_told(core: &Arc<Core>, about: &About, event: &Event, text: &str) {
    if !event.topic().is_system() {
        system::report(core, about.prefix(), || {
            SystemEvent::handler_failed(about, event, text.into(), false)
        });
    }
}

/// Counts a failure and tells of it; one while a system event is handled is only counted.
fn failed(core: &Arc<Core>, entry: &Entry, event: &Event, error: Box<str>, panicked: bool) {
    entry.count_failure(&error);
    if !event.topic().is_system() {
        system::report(core, entry.prefix(), || {
            SystemEvent::handler_failed(entry, event, error, panicked)
        });
    }
}

/// Counts an event of an unrelated type and tells of it. To a type that has every topic below its namespace, for it holds
/// what it does not know, others of this process are no mistake.
fn mismatched(core: &Arc<Core>, entry: &Entry, event: &Event) {
    if entry.wanted.is_some_and(|wanted| wanted.passes_by(event)) {
        return;
    }
    entry.count_mismatch();
    if !event.topic().is_system() {
        system::report(core, entry.prefix(), || SystemEvent::mismatched(entry, event));
    }
}

/// Hands over a system event, which has been routed by its own rule and is not recorded.
pub(crate) fn hand_over_system(core: &Arc<Core>, event: Arc<Event>, entries: Box<[Arc<Entry>]>) {
    if let Some(line) = &core.line {
        return line::push(core, line, Pending::system(event, entries));
    }
    let mut inline = entries.into_vec();
    let queues = inline.partition_point(|entry| entry.stands_first());
    if queues > 0 {
        let queues: Vec<_> = inline.drain(..queues).collect();
        // Nobody has a receipt of a system event; each queue tells its reader what it lost.
        queue::put(core, &event, &queues, Seats::default(), &mut Receipt::default());
    }
    if inline.is_empty() {
        return;
    }
    // Nor of what its handlers do.
    let receipt = &mut Receipt::default();
    let Some(turn) = Turn::take() else {
        let entries = ask_each(core, &event, &[&inline], receipt);
        if !entries.is_empty() {
            wait_for_turn(Waiting::new(core, event, entries, None));
        }
        return;
    };
    handling(&event, None, || run_each(core, &event, &inline, false, receipt, None));
    quietly(inline);
    turn.finish(run);
}
