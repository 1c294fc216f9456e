//! [`simulate`]: events in, and what they make a program ask for.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rem_core::{EventType, Receipt};

use super::sequence::shown;
use crate::dispatcher::{Answer, Dispatcher, boxed};
use crate::effect::{Effect, taken};
use crate::error::EffectError;
use crate::intent::{Asked, Intent};
use crate::perform;
use crate::publish::PublishEvent;
use crate::time::{Simulated, Time};

/// Lets a program react to events one after the other, with no bus, and records the intents it asked for.
///
/// What it publishes goes nowhere, and gets an empty receipt, unless the dispatcher publishes. What else it asks for is
/// performed by the dispatcher, which should answer without waiting, for no time passes: whoever has to wait is late.
///
/// ```
/// # use rem_core::EventType;
/// use rem_effects::testing::simulate;
/// use rem_effects::{Dispatcher, Effect, publish};
///
/// # fn test<E: EventType + Clone + PartialEq>(low: E) {
/// // A program: what follows from a level.
/// let react = move |level: u32| match level {
///     0..10 => publish(low.clone()).map(|_| ()),
///     _ => Effect::value(()),
/// };
/// let recorded = simulate([12, 9, 40], react, &Dispatcher::new());
/// assert_eq!(recorded.events::<E>().count(), 1);
/// assert!(recorded.results().iter().all(Result::is_ok));
/// # }
/// ```
pub fn simulate<E, T: Send + 'static>(
    events: impl IntoIterator<Item = E>,
    react: impl Fn(E) -> Effect<T>,
    dispatcher: &Dispatcher,
) -> Recorded<T> {
    let asked = Arc::<Mutex<Vec<Asked>>>::default();
    let simulated = Simulated::new();
    let mut dispatcher = dispatcher.clone().by(Time::Simulated(simulated.clone()));
    let (record, publishes) = (Arc::clone(&asked), dispatcher.performs::<PublishEvent>());
    dispatcher.hook = Some(Arc::new(move |asked| {
        record.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
        let is_publish = asked.intent.as_any().is::<PublishEvent>();
        (is_publish && !publishes).then(|| Answer::Now(Ok(boxed(Receipt::default()))))
    }));

    let perform = |event| {
        let effect = react(event);
        perform::drive(&effect.link, &dispatcher, || simulated.go_on()).map(taken)
    };
    let results = events.into_iter().map(perform).collect();
    let asked = mem::take(&mut *asked.lock().unwrap_or_else(PoisonError::into_inner));
    Recorded { asked, results }
}

/// What a program did in a [`simulate`]d run. `Display` shows a line an intent.
#[must_use = "it has the results, of which some may be errors"]
pub struct Recorded<T> {
    asked: Vec<Asked>,
    results: Vec<Result<T, EffectError>>,
}

impl<T> Recorded<T> {
    /// The intents of one type that it asked for, in order.
    pub fn intents<I: Intent>(&self) -> impl Iterator<Item = &I> {
        self.asked.iter().filter_map(|asked| asked.intent.as_any().downcast_ref())
    }

    /// The events of one type that it published, in order.
    pub fn events<E: EventType>(&self) -> impl Iterator<Item = &E> {
        self.intents::<PublishEvent>().filter_map(PublishEvent::event)
    }

    /// What its effects came to, one an event.
    pub fn results(&self) -> &[Result<T, EffectError>] {
        &self.results
    }

    /// The same, to keep.
    pub fn into_results(self) -> Vec<Result<T, EffectError>> {
        self.results
    }
}

impl<T> fmt::Display for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, asked) in self.asked.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            write!(f, "{end}{}, at {}", shown(&*asked.intent), asked.at)?;
        }
        Ok(())
    }
}

impl<T> fmt::Debug for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.results.iter().filter_map(|result| result.as_ref().err());
        f.debug_struct("Recorded")
            .field("asked", &self.asked)
            .field("events", &self.results.len())
            .field("errors", &failed.collect::<Vec<_>>())
            .finish()
    }
}
