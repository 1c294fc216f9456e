//! The way of an event: five steps, in this order, decided here and nowhere else.
//!
//! 1. [`publish`]: the bus is open, the topic is one; who listens? Then id, time and cause: a draft.
//! 2. [`middleware`]: of the publishing bus, then of each parent; may change the draft or stop it.
//! 3. [`route`]: who wants it, and is there room.
//! 4. [`record`]: its sequence number, its place in the history.
//! 5. [`deliver`]: to each handler, by priority and age, each isolated from the others.
//!
//! Whatever fails, fails before step 4, and leaves no trace: no number, no history, no delivery.

use crate::bus::State;
use crate::error::PublishError;
use crate::event::EventType;
use crate::publish::{Outgoing, Receipt};
use crate::route::Ahead;
use crate::{deliver, middleware, publish, record, route};

/// Publishes one event. `ahead`: the seats of a publisher that has waited for room and must not be blocked.
pub(crate) fn go<E: EventType>(
    bus: &State,
    outgoing: Outgoing<'_, E>,
    ahead: Option<Ahead>,
) -> Result<Receipt, PublishError<E>> {
    let Some((mut draft, found, _level)) = publish::prepare(bus, outgoing)? else {
        return Ok(Receipt::default()); // nobody listens and nothing is kept
    };
    let end = middleware::pass(bus, &mut draft, found, |draft, found| {
        let found = route::find(bus, draft, found)?;
        let seats = route::reserve(&bus.core, draft, &found, ahead)?;
        let (event, evicted) = record::keep(bus, draft, &found);
        let late = route::newcomers(bus, draft, &found);
        Ok(deliver::hand_over(bus, event, &found, late, seats, evicted))
    });
    end.map_err(|failure| publish::give_back(failure, draft))
}
