//! What comes over a mesh, behind what its stream kept perhaps.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rem_core::wire::RawEvent;
use rem_core::{Event, EventId, TryRecvError};
use rem_mesh::MeshEvent;

use super::Nats;
use crate::failure::Failure;
use crate::shown::numbered;
use crate::wanted::Wanted;

/// How long it waits until it says that nothing has come.
const STEP: Duration = Duration::from_millis(500);

/// Of how many events of the past it is known that they were given, should they come as well.
const KNOWN: usize = 65_536;

/// What comes.
pub(crate) enum Come {
    /// An event: with its number in the stream if it is of the past, and without one if it is live.
    Event(Arc<Event>),
    /// Something that was published has not come, and why.
    Gap(String),
    /// What is told beside that.
    Told(String),
    /// Nothing, for a while.
    Nothing,
}

impl Nats {
    /// Gives what is wanted as it comes, until `each` says `false` or the mesh is over; before that, if it is to, what the stream
    /// has of it. What is read there and comes as well is given once.
    pub(crate) fn listen(
        &mut self,
        wanted: &Wanted,
        from_the_past: bool,
        mut each: impl FnMut(Come) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let Some(mut stream) = self.live.take() else { return Ok(()) };
        let mut known = Known::default();
        if from_the_past {
            for event in self.past(wanted)? {
                let event = event?;
                known.add(event.id());
                if !each(Come::Event(event))? {
                    return Ok(());
                }
            }
        }
        let mut is_away = false;
        loop {
            let come = match stream.recv_timeout(STEP) {
                Ok(received) => {
                    let event = received.event();
                    match event.data.downcast_ref::<MeshEvent>() {
                        Some(told) => self.told(told, &mut is_away),
                        None if !wanted.passes(event) || known.has(event.id()) => None,
                        None => unnumbered(event).map(Come::Event),
                    }
                }
                Err(TryRecvError::Lagged(lagged)) => Some(Come::Gap(format!(
                    "{} events came faster than they are taken here",
                    lagged.missed()
                ))),
                Err(TryRecvError::Empty) if !self.mesh.is_over() => Some(Come::Nothing),
                Err(_) => return Err(Failure::source("the mesh has ended: join it again")),
            };
            if let Some(come) = come
                && !each(come)?
            {
                return Ok(());
            }
        }
    }

    /// What a mesh tells that means something to who listens.
    fn told(&self, told: &MeshEvent, is_away: &mut bool) -> Option<Come> {
        match told {
            MeshEvent::Disconnected { reason, .. } if !*is_away => {
                *is_away = true;
                let kept =
                    if self.keeps { "; `rem query` reads what the stream has of it" } else { "" };
                Some(Come::Gap(format!(
                    "{reason}; what is published until it is back does not come{kept}"
                )))
            }
            MeshEvent::Connected { server, .. } if *is_away => {
                *is_away = false;
                Some(Come::Told(format!("connected again, to {server}")))
            }
            MeshEvent::Lagged { outbound: false, .. } => Some(Come::Gap(told.to_string())),
            MeshEvent::Refused { .. } | MeshEvent::Unasked { .. } => {
                Some(Come::Told(told.to_string()))
            }
            _ => None,
        }
    }
}

/// Its number is that of a bus that is here for a moment, and means nothing to anybody.
fn unnumbered(event: &Event) -> Option<Arc<Event>> {
    event.data.downcast_ref::<RawEvent>().map(|raw| numbered(0, event, raw))
}

/// The last events that were read.
#[derive(Default)]
struct Known {
    all: HashSet<EventId>,
    order: VecDeque<EventId>,
}

impl Known {
    fn add(&mut self, id: EventId) {
        if self.order.len() == KNOWN
            && let Some(first) = self.order.pop_front()
        {
            self.all.remove(&first);
        }
        self.order.push_back(id);
        self.all.insert(id);
    }

    fn has(&self, id: EventId) -> bool {
        self.all.contains(&id)
    }
}
