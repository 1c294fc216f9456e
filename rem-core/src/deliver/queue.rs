//! Delivery to queues, and to recorders before them: at once, whoever is delivering in this thread.

use std::slice;
use std::sync::Arc;

use super::{called, called_last, failed, isolate, mismatched};
use crate::bus::Core;
use crate::event::{Event, Seen};
use crate::publish::Receipt;
use crate::queue::Sent;
use crate::route::{Held, Seats};
use crate::subscription::{Asked, Called, Entry, Turn};

/// Puts the event into each queue that wants it.
#[inline]
pub(super) fn put(
    core: &Arc<Core>,
    event: &Arc<Event>,
    queues: &[Arc<Entry>],
    seats: Seats,
    receipt: &mut Receipt,
) {
    if seats.are_none() {
        put_unseated(core, event, queues, receipt);
    } else {
        put_seated(core, event, queues, seats, receipt);
    }
}

/// Asks each queue, and puts the event into it. All are isolated at once, as handlers are: after a panic, which is a filter's
/// or a key's, it goes on behind the one that panicked.
fn put_unseated(
    core: &Arc<Core>,
    event: &Arc<Event>,
    queues: &[Arc<Entry>],
    receipt: &mut Receipt,
) {
    let seen = Seen::new(event);
    let mut rest = queues.iter();
    while let Err(panic) = isolate(|| {
        for entry in rest.by_ref() {
            match (entry.ask(&seen), entry.queue()) {
                (Asked::Wants, Some(channel)) => {
                    count(channel.send(Arc::clone(event), false), receipt);
                }
                (asked, _) => unqueued(core, entry, event, Ok(asked), receipt),
            }
        }
    }) {
        if let Some(entry) = called_last(queues, &rest) {
            unqueued(core, entry, event, Err(panic), receipt);
        }
    }
}

/// The same where some queues have seats, and the draft has one in each of them or does not want it.
#[cold]
fn put_seated(
    core: &Arc<Core>,
    event: &Arc<Event>,
    queues: &[Arc<Entry>],
    mut seats: Seats,
    receipt: &mut Receipt,
) {
    for (place, entry) in queues.iter().enumerate() {
        match seats.take(place) {
            Held::Unasked => put_unseated(core, event, slice::from_ref(entry), receipt),
            Held::Wants => put_wanted(core, event, entry, receipt),
            Held::Unwanted | Held::Wanted => {}
            Held::Failed(panic) => unqueued(core, entry, event, Err(panic), receipt),
            Held::Seat(channel) => match isolate(|| seated(entry, &Seen::new(event))) {
                Ok(Asked::Wants) => count(channel.send(Arc::clone(event), true), receipt),
                asked => {
                    channel.release();
                    unqueued(core, entry, event, asked, receipt);
                }
            },
        }
    }
}

/// Puts an event whose filters were asked into a queue without seats.
fn put_wanted(core: &Arc<Core>, event: &Arc<Event>, entry: &Entry, receipt: &mut Receipt) {
    let sent = isolate(|| match (seated(entry, &Seen::new(event)), entry.queue()) {
        // Its key is user code.
        (Asked::Wants, Some(channel)) => Ok(channel.send(Arc::clone(event), false)),
        (asked, _) => Err(asked),
    });
    match sent {
        Ok(Ok(sent)) => count(sent, receipt),
        Ok(Err(asked)) => unqueued(core, entry, event, Ok(asked), receipt),
        Err(panic) => unqueued(core, entry, event, Err(panic), receipt),
    }
}

/// What is left to be asked when the filters were asked before the event had a number.
fn seated(entry: &Entry, event: &Seen<'_>) -> Asked {
    match entry.turn(event) {
        Turn::Live if entry.fits(event) => Asked::Wants,
        Turn::Live => Asked::Mismatched,
        Turn::Later => Asked::Later,
        Turn::Past => Asked::Had,
    }
}

#[inline]
fn count(sent: Sent, receipt: &mut Receipt) {
    match sent {
        Sent::Queued => receipt.delivered += 1,
        Sent::Lost => receipt.dropped += 1,
        Sent::Ended => {}
    }
}

/// An event that was not put into a queue: it is for a recorder, or why not.
#[cold]
fn unqueued(
    core: &Arc<Core>,
    entry: &Entry,
    event: &Arc<Event>,
    asked: Result<Asked, Box<str>>,
    receipt: &mut Receipt,
) {
    match asked {
        Ok(Asked::Wants) => {
            let said = isolate(|| entry.call(&Seen::new(event), true));
            if let Ok(Called::Done) = said {
                entry.count_delivery();
            }
            called(core, entry, event, said, receipt);
        }
        Ok(Asked::Passes) => {}
        Ok(Asked::Later) => receipt.deferred += 1,
        Ok(Asked::Had) => receipt.delivered += 1,
        Ok(Asked::Mismatched) => mismatched(core, entry, event),
        Err(panic) => {
            receipt.failed += 1;
            failed(core, entry, event, panic, true);
        }
    }
}
