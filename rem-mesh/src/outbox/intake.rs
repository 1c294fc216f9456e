//! [`Intake`]: stands where events are published, and counts into the outbox those that are to leave.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use rem_core::{Bus, Draft, Event, Middleware, Next, Pattern, Receipt, Step, Stop, SubscribeError};

use super::door::{Closed, Door};
use crate::outbound::stays;
use crate::sync::{Mutex, lock};

/// The name of the metadata by which a journal knows that an event came from another node: from which, if it said so.
pub(crate) const HOME: &str = "remhome";

/// Which events leave by the outbox of a mesh.
#[derive(Debug)]
pub(crate) struct Takes {
    /// From the root.
    pub(crate) durable: Vec<Pattern>,
    /// Of these, those that are not published while there is no broker.
    pub(crate) replicated: Vec<Pattern>,
    /// What stays where it is published.
    pub(crate) local: Vec<Pattern>,
}

impl Takes {
    /// Whether it leaves so, said by the event alone: a process that reads it from the journal says the same.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        let topic = event.topic();
        let scope = topic.get(..event.scope()).unwrap_or_default();
        self.selects(topic)
            && !stays(topic, scope)
            && !event.data.schema().local
            && event.metadata().get(HOME).is_none()
            && !self.local.iter().any(|local| local.matches(topic))
    }

    /// Whether its topic is exported so.
    pub(crate) fn selects(&self, topic: &str) -> bool {
        self.durable.iter().any(|pattern| pattern.matches(topic))
    }

    fn needs_broker(&self, topic: &str) -> bool {
        self.replicated.iter().any(|pattern| pattern.matches(topic))
    }
}

/// One mesh's way in.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) takes: Arc<Takes>,
    pub(crate) door: Arc<Door>,
}

/// The middleware of a bus: it lasts as long as that, and lets the meshes come and go that have one pattern.
pub(crate) struct Intake(Arc<Slot>);

#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Vec<Weak<Entrance>>>);

/// The slots of a root bus, so that one that joins again and again has one.
#[derive(Debug, Default)]
pub(crate) struct Slots(Mutex<HashMap<Box<str>, Arc<Slot>>>);

impl Slots {
    /// Has what is published on the bus, and below it, come by that entrance, as long as it is kept.
    pub(crate) fn open(
        &self,
        bus: &Bus,
        pattern: &Pattern,
        entrance: &Arc<Entrance>,
    ) -> Result<(), SubscribeError> {
        let below = bus.prefix().map_or("", |prefix| prefix.as_str());
        let key: Box<str> = format!("{below}/{}", pattern.as_str()).into();
        let (slot, is_new) = {
            let mut slots = lock(&self.0);
            let is_new = !slots.contains_key(&key);
            (Arc::clone(slots.entry(key).or_default()), is_new)
        };
        {
            let mut entrances = lock(&slot.0);
            entrances.retain(|entrance| entrance.strong_count() > 0);
            entrances.push(Arc::downgrade(entrance));
        }
        if is_new { bus.middleware(pattern.clone(), Intake(slot)) } else { Ok(()) }
    }
}

impl Slot {
    fn entrances(&self, event: &Event) -> Vec<Arc<Entrance>> {
        let entrances: Vec<_> = lock(&self.0).iter().filter_map(Weak::upgrade).collect();
        entrances.into_iter().filter(|entrance| entrance.takes.takes(event)).collect()
    }
}

impl Middleware for Intake {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        let is_there = lock(&self.0.0).iter().any(|entrance| entrance.strong_count() > 0);
        // What came from another node, which is the rest of what passes here, leaves no more.
        let leaves = is_there && draft.metadata().get(HOME).is_none();
        Ok(if leaves { Step::Around } else { Step::Done })
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let mut entered = Entered(Vec::new());
        for entrance in self.0.entrances(draft) {
            let needs_broker = entrance.takes.needs_broker(draft.topic());
            let counts = entrance.door.enter(needs_broker);
            if counts.map_err(|closed| Stop::failed(closed.to_string()))? {
                entered.0.push(entrance);
            }
        }
        let receipt = next.run(draft)?;
        for entrance in entered.0.drain(..) {
            // What is behind in the chain may have given it another topic.
            let number = draft.sequence().filter(|_| entrance.takes.takes(draft));
            entrance.door.entered(number);
        }
        Ok(receipt)
    }

    fn name(&self) -> &'static str {
        "Outbox"
    }
}

/// Those that counted it in; they count it out again if it is not published.
struct Entered(Vec<Arc<Entrance>>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.iter().for_each(|entrance| entrance.door.entered(None));
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { events, bytes } => write!(
                f,
                "the outbox is full: {events} events, some {bytes} bytes, wait for the broker; publish it later, or allow more by \
                 `outbox`"
            ),
            Self::NotConnected => f.write_str(
                "it is exported at the level Replicated, and the mesh is not connected, so that nobody could acknowledge it; publish \
                 it later, or export it at the level Durable",
            ),
        }
    }
}
