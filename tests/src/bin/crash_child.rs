//! Publishes into a journal with several threads and tells of each step, until it is killed: `crash_child PLAN`, as JSON.
//!
//! It closes its journal and ends when its input ends. Who kills it checks afterwards what it told: `tests/tests/crash/`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rem::journal::store::Snapshot;
use rem::journal::{Journal, JournalHandle};
use rem::middleware::transform;
use rem::prelude::*;
use rem::{Ask, Direction, DurableHistory, Evicted, History, HistoryReport};
use rem_tests::crash::durable::{self, Tell};
use rem_tests::crash::{Order, Pace, Plan, READER, Seen, Told, draw, snapshot_of, source_of};

/// Longer than a commit takes.
const LONG: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    match live() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = Told::Fault(error.to_string()).tell();
            ExitCode::FAILURE
        }
    }
}

fn live() -> Result<(), Box<dyn Error + Send + Sync>> {
    let plan = std::env::args().nth(1).ok_or("say what to do: a plan, as JSON")?;
    let plan: Plan = serde_json::from_str(&plan)?;
    let journal = Arc::new(plan.journal()?.open(&plan.path)?);
    let handle = journal.handle();
    let tell: Tell = Arc::new(|told: Told| {
        // Where nobody listens any more, it will be killed.
        let _ = told.tell();
    });
    Told::Open(journal.first()).tell()?;
    let bus = Bus::builder().history(Held(Arc::clone(&journal))).build();
    bus.middleware(
        "order.unwanted",
        transform("unwanted", |_: &mut Draft| Err::<(), _>("nobody wants it")),
    )?;

    let goes_on = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&goes_on);
    thread::spawn(move || {
        // Nothing is ever written to it.
        let _ = std::io::stdin().read(&mut [0]);
        asked.store(false, Ordering::Release);
    });
    let going: &(dyn Fn() -> bool + Sync) = &|| goes_on.load(Ordering::Acquire);
    let bills = durable::bill(&bus, &plan, &tell)?;
    thread::scope(|scope| {
        let publishers = (0..plan.publishers)
            .map(|publisher| {
                let (bus, plan) = (&bus, &plan);
                scope.spawn(move || told(publish(bus, plan, publisher, going)))
            })
            .collect::<Vec<_>>();
        let reads = scope.spawn(|| told(read(&bus, &plan, &journal, &handle, going)));
        let accounts = scope.spawn(|| told(durable::account(&bus, &plan, going)));
        publishers
            .into_iter()
            .chain([reads, accounts])
            .try_for_each(|thread| thread.join().map_err(|_| "a thread of it panicked")?)
    })?;
    durable::end(&bus)?;
    drop((bills, bus, journal));
    if let Some(trouble) = handle.stats().trouble {
        return Err(trouble.into());
    }
    Told::Closed.tell()?;
    Ok(())
}

type Ended = Result<(), Box<dyn Error + Send + Sync>>;

/// What goes wrong is told at once, whatever the other threads do.
fn told(ended: Ended) -> Ended {
    ended.inspect_err(|error| {
        let _ = Told::Fault(error.to_string()).tell();
    })
}

/// What one thread publishes: all sorts, one after the other.
fn publish(bus: &Bus, plan: &Plan, publisher: u64, going: &dyn Fn() -> bool) -> Ended {
    // Who publishes much before it waits, and who waits often.
    let often = match plan.pace {
        Pace::EveryEvent => 3,
        Pace::Every => 1 + draw((plan.seed, plan.life, publisher)) % 30,
        Pace::OnClose => 1 + draw((plan.seed, plan.life, publisher)) % 300,
    };
    for number in (0..).take_while(|_| going()) {
        if draw((plan.seed, publisher, number)) % 32 == 0 {
            see(bus)?;
        }
        let Some(receipt) = one(bus, plan, publisher, number)? else { continue };
        if number % often == 0 {
            acknowledge(&receipt)?;
        }
    }
    Ok(())
}

/// Publishes what only memory keeps.
fn see(bus: &Bus) -> Ended {
    match bus.publish(Seen) {
        Ok(receipt) => Told::Spent(receipt.sequence().ok_or("no number")?).tell()?,
        Err(error) if is_full(&error) => {}
        Err(error) => return Err(error.to_string().into()),
    }
    Ok(())
}

fn is_full<E>(error: &rem::PublishError<E>) -> bool {
    matches!(error.kind(), rem::PublishErrorKind::History(why)
        if why.kind() == rem::HistoryErrorKind::Full)
}

/// Publishes one event and tells of it; nothing if it was refused.
fn one(
    bus: &Bus,
    plan: &Plan,
    publisher: u64,
    number: u64,
) -> Result<Option<Receipt>, Box<dyn Error + Send + Sync>> {
    let name = plan.name(publisher, number);
    let order = Order::of(name);
    Told::About(name).tell()?;
    match bus.event(order.clone()).source(source_of(name)).publish() {
        Ok(receipt) => {
            let sequence = receipt.sequence().ok_or("a publish into a journal has no number")?;
            Told::Numbered(name, sequence).tell()?;
            Ok(Some(receipt))
        }
        Err(error) => {
            Told::Refused(name).tell()?;
            if !order.is_refused() && !is_full(&error) {
                return Err(error.to_string().into());
            }
            if error.into_data() != order {
                return Err(format!("{name:?} came back as another").into());
            }
            thread::yield_now();
            Ok(None)
        }
    }
}

fn acknowledge(receipt: &Receipt) -> Ended {
    receipt.durable().wait(LONG)?;
    Told::Acknowledged(receipt.sequence().unwrap_or_default()).tell()?;
    Ok(())
}

/// Keeps a position and snapshots of what it reads, as a projection does: a position is safe when what was published after it
/// is.
fn read(
    bus: &Bus,
    plan: &Plan,
    journal: &Journal,
    handle: &JournalHandle,
    going: &dyn Fn() -> bool,
) -> Ended {
    let mut orders: EventStream<Order> =
        bus.subscription("order.**").queue(64, Overflow::DropOldest).stream()?;
    let (mut number, mut read) = (0, 0_u64);
    while going() {
        // What was dropped is none of its business.
        let Ok(order) = orders.recv_timeout(Duration::from_millis(5)) else { continue };
        let sequence = order.sequence().ok_or("an event without a number was queued")?;
        read += 1;
        if read % 16 == 1 {
            journal.set_position(READER, Some(sequence));
            let receipt = one(bus, plan, plan.publishers, number)?;
            number += 1;
            if let Some(receipt) = receipt {
                acknowledge(&receipt)?;
                Told::Position(sequence).tell()?;
            }
        }
        if read % 64 == 2 {
            let bytes = snapshot_of(sequence);
            handle.put_snapshot(READER, &Snapshot { sequence, version: 1, bytes })?;
            Told::Snapshot(sequence).tell()?;
        }
    }
    Ok(())
}

/// A journal that its bus shares with who keeps positions in it.
#[derive(Debug)]
struct Held(Arc<Journal>);

impl History for Held {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.0.record(event)
    }

    fn readable(&self) -> Option<RangeInclusive<u64>> {
        self.0.readable()
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.0.read(range, events);
    }

    fn first(&self) -> u64 {
        self.0.first()
    }

    fn lost(&self, gap: RangeInclusive<u64>, by: &Pattern) -> Option<RangeInclusive<u64>> {
        self.0.lost(gap, by)
    }

    fn candidates(
        &self,
        ask: &Ask,
        range: RangeInclusive<u64>,
        direction: Direction,
    ) -> Option<Box<dyn Iterator<Item = u64> + '_>> {
        self.0.candidates(ask, range, direction)
    }

    fn report(&self) -> HistoryReport {
        self.0.report()
    }

    fn durable(self: Arc<Self>) -> Option<Arc<dyn DurableHistory>> {
        Arc::clone(&self.0).durable()
    }
}
