//! [`Pending`]: an event in the line of all threads, until one of them delivers it.

use std::sync::Arc;

use super::line::{Line, Seated};
use super::{called, isolate, queue, quietly, run_each, serve_queues};
use crate::bus::Core;
use crate::event::{Event, Seen};
use crate::probe::Measure;
use crate::publish::{self, Link, Receipt, handling, handling_in_line};
use crate::queue::Channel;
use crate::route::{Held, Route, Seats, came_since};
use crate::subscription::{Called, Entry, Turn};
use crate::trace::Origin;

/// An event that waits for its turn.
pub(super) struct Pending {
    event: Arc<Event>,
    to: To,
    above: Option<Arc<Link>>,
    /// The span of its publish, which the thread that delivers it has not.
    origin: Origin,
}

enum To {
    Route {
        /// Held so that who waits for what is under way waits for this too.
        route: Arc<Route>,
        /// What its subscriptions said when they were asked.
        seats: Seats,
        /// Where it has seats.
        channels: Vec<Arc<Channel>>,
        /// Somebody may have come who reads the past and must not miss it; whether its topic is that of its data.
        has_come: Option<bool>,
    },
    /// A system event, which has no number, and whose subscriptions are asked when it is its turn.
    System(Box<[Arc<Entry>]>),
}

impl Pending {
    /// An event of that route, which has counted it for all of its own: none has it yet.
    pub(super) fn new(
        event: Arc<Event>,
        route: Arc<Route>,
        seats: Seats,
        channels: Vec<Arc<Channel>>,
        has_come: Option<bool>,
        origin: Origin,
    ) -> Self {
        for entry in &route.entries[route.queues..] {
            entry.count_not_had();
        }
        seats.wanting(&route).for_each(|entry| entry.count_deferred());
        let to = To::Route { route, seats, channels, has_come };
        Self { event, to, above: publish::link(), origin }
    }

    pub(super) fn system(event: Arc<Event>, entries: Box<[Arc<Entry>]>) -> Self {
        let (to, origin) = (To::System(entries), Origin::default());
        Self { event, to, above: publish::link(), origin }
    }

    /// Hands it over, to queues first and then to inline handlers, in a thread that has taken its own turn too.
    pub(super) fn deliver(self, core: &Arc<Core>, line: &Line, receipt: &mut Receipt) {
        let Self { event, to, above, origin } = self;
        match to {
            To::Route { route, mut seats, channels, has_come } => {
                let seated = Seated(line, channels);
                seats.wanting(&route).for_each(|entry| entry.count_resumed());
                let (queues, inline) = route.entries.split_at(route.queues);
                let said = seats.split_off(route.queues);
                let hand_over = || {
                    queue::put(core, &event, queues, seats, receipt);
                    drop(seated);
                    let came = has_come.map(|is_own| came_since(core, &event, is_own, &route));
                    let late = serve_queues(core, &event, came.unwrap_or_default(), receipt);
                    let measure = route.measure.as_ref();
                    call_each(core, &event, inline, said, receipt, measure);
                    run_each(core, &event, &late, false, receipt, None);
                };
                origin.lend(&event, || handling_in_line(&event, above, &route, hand_over));
                quietly(event);
                quietly(route);
            }
            To::System(entries) => {
                let queues = entries.partition_point(|entry| entry.stands_first());
                let (queues, inline) = entries.split_at(queues);
                handling(&event, above, || {
                    queue::put(core, &event, queues, Seats::default(), receipt);
                    run_each(core, &event, inline, false, receipt, None);
                });
                quietly(event);
                quietly(entries);
            }
        }
    }
}

/// Calls the handlers that want it, by what their filters `said`. Whose it is of a subscription that reads the past is told
/// by its number, and so only now.
fn call_each(
    core: &Arc<Core>,
    event: &Arc<Event>,
    entries: &[Arc<Entry>],
    mut said: Seats,
    receipt: &mut Receipt,
    measure: Option<&Measure>,
) {
    let seen = Seen::new(event);
    for (place, entry) in entries.iter().enumerate() {
        let came = match said.take(place) {
            Held::Wants => match entry.turn(event) {
                Turn::Live => {
                    let call = || isolate(|| entry.call(&seen, true));
                    Measure::of(measure, event, entry.about(), call)
                }
                Turn::Later => Ok(Called::Later),
                Turn::Past => Ok(Called::Had),
            },
            Held::Failed(panic) => Err(panic),
            Held::Unasked | Held::Unwanted | Held::Wanted | Held::Seat(_) => continue,
        };
        if let Ok(Called::Done) = came {
            entry.count_delivery();
        }
        called(core, entry, event, came, receipt);
    }
}
