//! [`Commands`]: decided by a state, and appended only while that holds.

use std::fmt;
use std::time::Duration;

use rem_core::{AppendRefusal, Bus, EventType, Receipt};

use crate::fold::isolate;
use crate::{CommandError, Projection, Projector};

/// How often a command is decided, unless told, and how long it waits for the state.
const ATTEMPTS: u32 = 64;
const PATIENCE: Duration = Duration::from_secs(10);

/// A state that decides commands of one kind.
///
/// ```
/// use rem_core::Event;
/// use rem_macros::EventType;
/// use rem_projections::{Decide, Projection, given};
///
/// #[derive(EventType, Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
/// #[event(crate = rem_core, namespace = "account")]
/// enum Account {
///     #[event(topic = "{id}.paid_in")]
///     PaidIn { id: u32, cents: u64 },
///     #[event(topic = "{id}.paid_out")]
///     PaidOut { id: u32, cents: u64 },
/// }
///
/// #[derive(Clone, Default)]
/// struct Balances(std::collections::BTreeMap<u32, u64>);
///
/// impl Projection for Balances {
///     type Event = Account;
///
///     fn apply(&mut self, event: &Event<Account>) {
///         match &event.data {
///             Account::PaidIn { id, cents } => *self.0.entry(*id).or_default() += cents,
///             Account::PaidOut { id, cents } => *self.0.entry(*id).or_default() -= cents,
///         }
///     }
/// }
///
/// struct PayOut { id: u32, cents: u64 }
///
/// impl Decide<PayOut> for Balances {
///     type Decided = Account;
///     type Rejection = String;
///
///     fn reads(command: &PayOut) -> String {
///         format!("account.{}.**", command.id)
///     }
///
///     fn decide(&self, command: &PayOut) -> Result<Vec<Account>, String> {
///         let PayOut { id, cents } = *command;
///         match self.0.get(&id) {
///             Some(balance) if *balance >= cents => Ok(vec![Account::PaidOut { id, cents }]),
///             _ => Err(format!("account {id} has less than {cents} cents")),
///         }
///     }
/// }
///
/// // Tested with no bus at all:
/// given(Balances::default(), [Account::PaidIn { id: 42, cents: 100 }])
///     .when(&PayOut { id: 42, cents: 60 })
///     .then([Account::PaidOut { id: 42, cents: 60 }]);
/// ```
pub trait Decide<C>: Projection {
    /// What it decides on.
    type Decided: EventType;
    /// Why it says no.
    type Rejection;

    /// The pattern, below the bus's prefix, of all events that the decision depends on: `account.42.**`. Only what it selects
    /// can change the part of the state that `decide` looks at, and `decide` looks at no other; then the decision is
    /// right when its events are appended, whoever publishes meanwhile. A pattern that selects too much only costs
    /// attempts.
    fn reads(command: &C) -> String;

    /// What is to happen, or why not; no event is a decision too. It may be called more than once for a command, each time
    /// with a newer state, and has no effect but by its events.
    ///
    /// # Errors
    /// The rejection, if the command is not to be carried out.
    fn decide(&self, command: &C) -> Result<Vec<Self::Decided>, Self::Rejection>;
}

/// Carries out commands on a bus, decided by a projection of it. A handle for any number of threads.
///
/// A command waits until the state knows all that was published when it was sent, and is decided by that state, so that a
/// rejection is by no older one. Its events are appended unless an event that [`reads`](Decide::reads) selects has come since,
/// whoever published it and however: by [`Bus::append`], which says what is promised. If one has come, the command is decided
/// again by a state that knows it. So of commands that read one another's events each is decided by all that came before its
/// own, as if they came one after the other; an attempt that was refused has left no trace, so that none is carried out twice.
///
/// A decision that was taken is not taken back by a crash between the append and its answer: who sends a command again
/// after that lets `decide` see, by an event, that it has been carried out.
#[derive(Clone)]
pub struct Commands<P: Projection> {
    bus: Bus,
    projector: Projector<P>,
    attempts: u32,
    patience: Duration,
}

/// A command that was carried out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Done {
    /// Of its events, in their order; none if it decided on none.
    pub receipts: Vec<Receipt>,
    /// The number of the state that decided it.
    pub decided_at: u64,
    /// How often it was decided.
    pub attempts: u32,
}

impl Done {
    /// The number of its last event; that of the state if it decided on none.
    pub fn sequence(&self) -> u64 {
        let last = self.receipts.iter().filter_map(Receipt::sequence).max();
        last.unwrap_or(self.decided_at)
    }
}

impl<P: Projection> Commands<P> {
    /// Commands on a bus by a projection of the same bus.
    pub fn new(bus: &Bus, projector: &Projector<P>) -> Self {
        Self {
            bus: bus.clone(),
            projector: projector.clone(),
            attempts: ATTEMPTS,
            patience: PATIENCE,
        }
    }

    /// How often a command is decided at most, 64 times unless told.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long it waits at most for the state at each attempt, 10 s unless told.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The projection that decides.
    pub fn projector(&self) -> &Projector<P> {
        &self.projector
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// The rejection; others that were first at every attempt; a state that does not come as far as it must; a `decide` that
    /// panics; events that cannot be published. Nothing of it was published then.
    pub fn run<C>(&self, command: &C) -> Result<Done, CommandError<P::Rejection>>
    where
        P: Decide<C>,
    {
        let panicked = |panic| CommandError::Panicked { panic };
        let reads = isolate(|| P::reads(command)).map_err(panicked)?;
        let mut in_the_way = 0;
        let mut known = self.projector.last();
        for attempt in 1..=self.attempts {
            let state =
                self.projector.wait_for(known, self.patience).map_err(CommandError::Wait)?;
            let decided_at = state.sequence();
            let decided = isolate(|| state.decide(command)).map_err(panicked)?;
            drop(state); // nobody has to make a copy for it
            let events = decided.map_err(CommandError::Rejected)?;
            if events.is_empty() {
                return Ok(Done { receipts: Vec::new(), decided_at, attempts: attempt });
            }
            match self.bus.append(events).unless(reads.as_str(), decided_at).publish() {
                Ok(receipts) => return Ok(Done { receipts, decided_at, attempts: attempt }),
                Err(error) => match error.refusal() {
                    Some(
                        AppendRefusal::Outdated { sequence, .. }
                        | AppendRefusal::Forgotten { to: sequence, .. },
                    ) => {
                        in_the_way = *sequence;
                        known = in_the_way.max(self.projector.last());
                    }
                    _ => return Err(CommandError::Append { said: error.to_string().into() }),
                },
            }
        }
        Err(CommandError::Contended { attempts: self.attempts, sequence: in_the_way })
    }
}

impl<P: Projection> fmt::Debug for Commands<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands")
            .field("projector", &self.projector)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
