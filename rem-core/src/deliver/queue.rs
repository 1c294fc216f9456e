//! Delivery to queues: at once, whoever is delivering in this thread.

use std::sync::Arc;

use super::{failed, isolate, mismatched};
use crate::bus::Core;
use crate::event::Event;
use crate::publish::Receipt;
use crate::queue::Sent;
use crate::route::{Held, Seats};
use crate::subscription::{Asked, Entry};

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
                match isolate(|| entry.fits(event)) {
                    Ok(true) => count(channel.send(Arc::clone(event), true), receipt),
                    unfit => {
                        channel.release();
                        refused(core, entry, event, unfit.map(|_| Asked::Mismatched), receipt);
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
        Ok(Asked::Mismatched) => mismatched(core, entry, event),
        Err(panic) => {
            receipt.failed += 1;
            failed(core, entry, event, panic, true);
        }
    }
}
