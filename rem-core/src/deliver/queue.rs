//! Delivery to queues: at once, whoever is delivering in this thread.

use std::sync::Arc;

use super::{failed, isolate, mismatched};
use crate::bus::Core;
use crate::event::Event;
use crate::publish::Receipt;
use crate::queue::Sent;
use crate::route::{Held, Seats};
use crate::subscription::{Asked, Entry, Turn};

/// Puts the event into each queue that wants it.
pub(super) fn put(
    core: &Arc<Core>,
    event: &Arc<Event>,
    queues: &[Arc<Entry>],
    mut seats: Seats,
    receipt: &mut Receipt,
) {
    for (place, entry) in queues.iter().enumerate() {
        let asked = match seats.take(place) {
            Held::Unasked => isolate(|| entry.ask(event)),
            Held::Unwanted | Held::Wanted => Ok(Asked::Passes),
            Held::Failed(panic) => Err(panic),
            Held::Seat(channel) => {
                match isolate(|| seated(entry, event)) {
                    Ok(Asked::Wants) => count(channel.send(Arc::clone(event), true), receipt),
                    asked => {
                        channel.release();
                        refused(core, entry, event, asked, receipt);
                    }
                }
                continue;
            }
        };
        match (asked, entry.queue()) {
            (Ok(Asked::Wants), Some(channel)) => {
                // Its key is user code.
                match isolate(|| channel.send(Arc::clone(event), false)) {
                    Ok(sent) => count(sent, receipt),
                    Err(panic) => refused(core, entry, event, Err(panic), receipt),
                }
            }
            (asked, _) => refused(core, entry, event, asked, receipt),
        }
    }
}

/// What is left to be asked when there is a seat: the filters were asked before it was taken.
fn seated(entry: &Entry, event: &Arc<Event>) -> Asked {
    match entry.turn(event) {
        Turn::Live if entry.fits(event) => Asked::Wants,
        Turn::Live => Asked::Mismatched,
        Turn::Later => Asked::Later,
        Turn::Past => Asked::Had,
    }
}

fn count(sent: Sent, receipt: &mut Receipt) {
    match sent {
        Sent::Queued => receipt.delivered += 1,
        Sent::Lost => receipt.dropped += 1,
        Sent::Ended => {}
    }
}

/// An event that was not put into a queue, and why.
fn refused(
    core: &Arc<Core>,
    entry: &Entry,
    event: &Arc<Event>,
    asked: Result<Asked, Box<str>>,
    receipt: &mut Receipt,
) {
    match asked {
        Ok(Asked::Wants | Asked::Passes) => {}
        Ok(Asked::Later) => receipt.deferred += 1,
        Ok(Asked::Had) => receipt.delivered += 1,
        Ok(Asked::Mismatched) => mismatched(core, entry, event),
        Err(panic) => {
            receipt.failed += 1;
            failed(core, entry, event, panic, true);
        }
    }
}
