//! The durable subscriptions of a process that is killed: one whose effects are told, each by the id of its event, and one
//! whose effect is stored in the transaction of its position.

use std::error::Error;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem::{DurableStream, History as _, TryRecvError};
use serde::{Deserialize, Serialize};

use super::{Name, Order, Plan, Told, draw, source_of};

/// The name of the one whose effects are told: [`bill`].
pub const BILLS: &str = "bills";
/// The name of the one that keeps its effect with its position: [`account`].
pub const ACCOUNT: &str = "account";

/// Longer than what is in hand takes.
const LONG: Duration = Duration::from_secs(60);

/// Whatever is told goes there.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

type Failed = Box<dyn Error + Send + Sync>;

/// Tells each order that it handles, and with it the effect: at least once.
///
/// # Errors
/// The bus refuses the subscription.
pub fn bill(bus: &Bus, plan: &Plan, tell: &Tell) -> Result<Subscription, rem::SubscribeError> {
    let state = (Arc::clone(tell), plan.seed);
    let durable = bus.subscription("order").durable(BILLS);
    durable.task_with(state, async |(tell, seed), order: Received<Order>| {
        work((seed, BILLS, order.sequence()));
        let (name, Some(sequence)) = (order.data.name(), order.sequence()) else {
            return tell(Told::Fault(format!("{:?} was handled without a number", order.data)));
        };
        let is_whole = order.data == Order::of(name)
            && order.source() == Some(source_of(name).as_str())
            && !order.is_replay();
        if !is_whole {
            tell(Told::Fault(format!("{name:?} was handled as {order:?}")));
        }
        // The last thing that it does: from here on the effect is there, and the event is not handled yet.
        tell(Told::Handled { id: order.id(), name, sequence });
    })
}

/// What a handler takes: now and then as long as a commit, so that kills meet it at work.
fn work(of: impl Hash) {
    let drawn = draw(of);
    if drawn.is_multiple_of(4) {
        thread::sleep(Duration::from_micros(drawn >> 32 & 0xfff));
    }
}

/// What [`account`] has added up. Events that come twice, in another order or never make it another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// How many events.
    pub count: u64,
    /// Which, in their order.
    pub digest: u64,
    /// Up to which number.
    pub last: u64,
    /// What was told to be lost.
    pub lost: Vec<(u64, u64)>,
}

impl Account {
    /// Adds an event.
    pub fn add(&mut self, sequence: u64, name: Name) {
        self.count += 1;
        self.digest = draw((self.digest, sequence, name));
        self.last = sequence;
    }

    /// Notes that these were lost.
    pub fn lose(&mut self, numbers: RangeInclusive<u64>) {
        self.last = *numbers.end();
        self.lost.push(numbers.into_inner());
    }

    /// Whether that number was told to be lost.
    pub fn has_lost(&self, number: u64) -> bool {
        let behind = self.lost.partition_point(|(from, _)| *from <= number);
        self.lost[..behind].last().is_some_and(|(_, to)| *to >= number)
    }

    /// As it is kept.
    ///
    /// # Errors
    /// The bytes are those of none.
    pub fn of(note: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(note)
    }
}

/// Adds up what is paid, and keeps the sum with its position, for as long as it is to go on: exactly once.
///
/// # Errors
/// The bus refuses the subscription, or it is given what it had.
pub fn account(bus: &Bus, plan: &Plan, going: &dyn Fn() -> bool) -> Result<(), Failed> {
    let paid = bus.subscription("order.paid").durable(ACCOUNT);
    let mut paid: DurableStream<Order> = paid.stream()?;
    let mut account =
        paid.note().map_or_else(|| Ok(Account::default()), |note| Account::of(&note))?;
    let mut is_kept = true;
    while going() {
        match paid.recv_timeout(Duration::from_millis(2)) {
            Ok(order) => {
                let (name, number) = (order.data.name(), order.sequence().unwrap_or_default());
                if number <= account.last {
                    return Err(format!("{name:?} came to {account:?} as number {number}").into());
                }
                work((plan.seed, ACCOUNT, number));
                account.add(number, name);
                is_kept = false;
                // One at a time, or some at once.
                if !draw((plan.seed, plan.life, number)).is_multiple_of(3) {
                    continue;
                }
            }
            Err(TryRecvError::Lagged(lagged)) => {
                account.lose(lagged.from()..=lagged.to());
                is_kept = false;
            }
            Err(TryRecvError::Empty) => {}
            Err(error) => return Err(error.into()),
        }
        if !is_kept {
            paid.ack_with(serde_json::to_vec(&account)?)?;
            is_kept = true;
        }
    }
    if !is_kept {
        paid.ack_with(serde_json::to_vec(&account)?)?;
    }
    Ok(())
}

/// Opens the journal of that plan, has both handle all that there is, and closes it.
///
/// # Errors
/// What goes wrong.
pub fn catch_up(plan: &Plan, tell: &Tell) -> Result<(), Failed> {
    let journal = plan.journal()?.open(&plan.path)?;
    tell(Told::Open(journal.first()));
    let newest = journal.handle().stats().stored.last;
    let bus = Bus::builder().history(journal).build();
    let bills = bill(&bus, plan, tell)?;
    let until = Instant::now() + LONG;
    let is_behind = || {
        let positions = bus.positions();
        positions.iter().any(|it| [BILLS, ACCOUNT].contains(&&*it.name) && it.position < newest)
    };
    account(&bus, plan, &|| is_behind() && Instant::now() < until)?;
    // What it does not select is passed by and noted now and then, so it may be behind that again.
    if Instant::now() >= until {
        return Err(format!("after {LONG:?} they are at {:?}", bus.positions()).into());
    }
    end(&bus)?;
    drop((bills, bus));
    tell(Told::Closed);
    Ok(())
}

/// Closes the bus when what is in hand is handled. What a subscription counts as missed is not looked at: events of a local type
/// that memory let go of are counted there.
///
/// # Errors
/// It does not come to its end.
pub fn end(bus: &Bus) -> Result<(), Failed> {
    let report = bus.close(LONG);
    if report.is_complete() { Ok(()) } else { Err(report.to_string().into()) }
}
