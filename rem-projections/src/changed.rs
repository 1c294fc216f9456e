//! [`StateChanged`]: a projection's changes as events, and [`Mirror`], which makes the state of them again.

use rem_core::{Event, Payload, Shape, WeakBus};
use rem_macros::EventType;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Projection;
use crate::difference::{Change, difference, patch};
use crate::fold::isolate;
use crate::view::Stand;

/// A projection has another state: `state.changed.<projection>`, published if
/// [`announce`](crate::ProjectorBuilder::announce) asked for it.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "state", topic = "changed.{projection}")]
pub struct StateChanged {
    /// The projection's name.
    pub projection: String,
    /// The number of the state before; 0 for the first, whose one change is the whole state.
    pub from: u64,
    /// The number of the state now.
    pub to: u64,
    /// What changed.
    pub changes: Vec<Change>,
}

/// The state of an announcing projection, made of what it announces: a projection of its own, in this process or another.
///
/// ```
/// # use std::time::Duration;
/// use rem_core::Bus;
/// use rem_projections::{Mirror, Projector};
///
/// # fn mirror(bus: &Bus) -> Result<(), Box<dyn std::error::Error>> {
/// let mirror = Projector::builder("mirror of accounts").attach(bus, Mirror::of("accounts"))?;
/// let accounts: Option<std::collections::BTreeMap<String, u64>> = mirror.state().read()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mirror {
    projection: String,
    /// `None` until the whole was announced.
    value: Option<Value>,
    sequence: u64,
}

impl Mirror {
    /// A mirror of the projection with that name, with nothing in it yet.
    pub fn of(projection: impl Into<String>) -> Self {
        Self { projection: projection.into(), value: None, sequence: 0 }
    }

    /// The number of the state that is mirrored, in the history of the other.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The state as JSON; `None` before the first was announced.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// The state as its type.
    ///
    /// # Errors
    /// If it is of another form.
    pub fn read<S: DeserializeOwned>(&self) -> Result<Option<S>, serde_json::Error> {
        self.value.as_ref().map(S::deserialize).transpose()
    }
}

impl Projection for Mirror {
    type Event = StateChanged;

    /// # Panics
    /// On a change that does not follow what is mirrored: the projector stands before it, as its policy says.
    fn apply(&mut self, event: &Event<StateChanged>) {
        let StateChanged { projection, from, to, changes } = &event.data;
        if *projection != self.projection {
            return;
        }
        let is_whole = changes.first().is_some_and(|change| change.path.is_empty());
        assert!(
            is_whole || (self.value.is_some() && *from == self.sequence),
            "the changes of `{projection}` follow #{from}, and #{} is mirrored; mirror it from the beginning",
            self.sequence
        );
        let value = self.value.get_or_insert_default();
        for change in changes {
            assert!(patch(value, change), "`{projection}` has no `{}` to be changed", change.path);
        }
        self.sequence = *to;
    }
}

pub(crate) type ToValue<P> = fn(&P) -> Result<Value, serde_json::Error>;

/// Who publishes the changes.
pub(crate) struct Announce<P> {
    projection: String,
    topic: String,
    bus: WeakBus,
    write: ToValue<P>,
    last: Option<(u64, Value)>,
}

impl<P> Announce<P> {
    pub(crate) fn new(name: &str, bus: WeakBus, write: ToValue<P>) -> Self {
        let topic = format!("state.changed.{}", rem_core::Topic::escape(name));
        Self { projection: name.into(), topic, bus, write, last: None }
    }

    /// What it announces is no event of its own, or it would never end; and one that takes any type takes none of these.
    pub(crate) fn is_own<Q: Projection<Event: Shape>>(&self, event: &Event<Q::Event>) -> bool {
        let topic = event.scoped_topic();
        topic == self.topic
            || (std::any::TypeId::of::<Q::Event>() == std::any::TypeId::of::<dyn Payload>()
                && topic.starts_with("state.changed."))
    }

    /// Publishes what is different. What cannot be, the next will have with it.
    pub(crate) fn tell(&mut self, stand: &Stand<P>) {
        let Some(bus) = self.bus.upgrade() else { return };
        let Ok(Ok(value)) = isolate(|| (self.write)(&stand.state)) else { return };
        let (from, changes) = match &self.last {
            Some((from, before)) => (*from, difference(before, &value)),
            None => {
                (0, vec![Change { path: String::new(), before: None, after: Some(value.clone()) }])
            }
        };
        if changes.is_empty() {
            return;
        }
        let (projection, to) = (self.projection.clone(), stand.sequence);
        if bus.publish(StateChanged { projection, from, to, changes }).is_ok() {
            self.last = Some((to, value));
        }
    }
}
