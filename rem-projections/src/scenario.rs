//! Given, when, then: decisions tested with events in and events out.

use std::fmt::Debug;

use rem_core::{Bus, EventType, Ring};

use crate::{Decide, Projection};

/// What has happened: see [`given`].
#[must_use = "nothing is tested before `then` or `then_rejected`"]
#[derive(Debug)]
pub struct Given<P>(P);

/// What was decided of it.
#[must_use = "nothing is tested before `then` or `then_rejected`"]
#[derive(Debug)]
pub struct When<E, R>(Result<Vec<E>, R>);

/// A state, and what has happened to it since: the beginning of a test of decisions. The events are published on a bus of the
/// test's own, one after the other, so that `apply` sees them as it does anywhere.
///
/// # Panics
/// If an event cannot be published, or `apply` panics: it is for tests.
#[track_caller]
pub fn given<P: Projection>(
    mut state: P,
    events: impl IntoIterator<Item = P::Event, IntoIter: ExactSizeIterator>,
) -> Given<P>
where
    P::Event: EventType,
{
    let events = events.into_iter();
    let bus = Bus::builder().history(Ring::events(events.len())).build();
    for event in events {
        if let Err(error) = bus.publish(event) {
            panic!("what is given cannot be published: {error}");
        }
    }
    let past = bus.query("**").map(|query| query.of::<P::Event>()).unwrap_or_default();
    for event in &past {
        state.apply(event);
    }
    Given(state)
}

impl<P: Projection> Given<P> {
    /// Decides a command.
    pub fn when<C>(self, command: &C) -> When<P::Decided, P::Rejection>
    where
        P: Decide<C>,
    {
        When(self.0.decide(command))
    }

    /// The state itself.
    pub fn state(self) -> P {
        self.0
    }
}

impl<E: Debug + PartialEq, R: Debug> When<E, R> {
    /// These events are decided on, and no other.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = E>) {
        let expected: Vec<_> = expected.into_iter().collect();
        match self.0 {
            Ok(decided) => assert_eq!(decided, expected, "decided on the left, expected the right"),
            Err(rejection) => panic!("rejected with {rejection:?}; expected {expected:?}"),
        }
    }

    /// It is rejected with this.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn then_rejected(self, expected: &R)
    where
        R: PartialEq,
    {
        match self.0 {
            Err(rejection) => {
                assert_eq!(&rejection, expected, "rejected with the left, expected the right");
            }
            Ok(decided) => {
                panic!("decided on {decided:?}; expected to be rejected with {expected:?}")
            }
        }
    }
}
