//! You will see one service whose handlers are all declared in one place, with every key that `#[handlers]` and `#[on("…")]`
//! know: who is called inline and in which order, who handles in tasks and in order for each shop, a payment that is tried
//! again, one that fails for good and is sent again, the past, read by who came late, inline and in a task; and a ledger that
//! goes on where it was when the program is started again.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::fmt::Display;
use std::future::ready;
use std::mem;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rem::journal::Journal;
use rem::prelude::*;
use rem::{DeadLetter, SystemEvent};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
#[event(group(Settled = "*.{paid,lost}"))]
enum Order {
    #[event(topic = "{id}.placed")]
    Placed {
        id: u64,
        #[event(key)]
        shop: String,
        cents: u64,
    },
    #[event(topic = "{id}.paid")]
    Paid {
        #[event(key)]
        id: u64,
    },
    #[event(topic = "{id}.lost")]
    Lost {
        #[event(key)]
        id: u64,
    },
}

/// What the program shares with its handlers, which find it by its type: a bank that is closed to one shop at first.
#[derive(Clone, Default)]
struct Bank {
    is_open: Arc<AtomicBool>,
}

impl Bank {
    /// Stands for a call over the network.
    async fn charge(&self, shop: &str, attempt: u32) -> Result<(), &'static str> {
        ready(()).await;
        match shop {
            "books" if !self.is_open.load(Ordering::SeqCst) => Err("account closed"),
            "toys" if attempt == 1 => Err("line busy"),
            _ => Ok(()),
        }
    }
}

/// What was done in tasks, in whatever order their threads came.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: impl Display) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
    }

    fn tell(&self) {
        let mut notes = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        notes.sort();
        for line in notes {
            println!("  {line}");
        }
    }
}

struct Service {
    least: u64,
    notes: Notes,
    past: Sender<String>,
}

const WAIT: Duration = Duration::from_millis(1);

// `crate` says where REM is, for a program that knows it by another path.
#[rem::handlers(crate = ::rem)]
impl Service {
    /// Inline: called by the thread that publishes, the highest priority first. A filter may look at the service, too.
    #[on("order.{id}.placed", priority = 10, filter = Self::is_worth_it)]
    fn welcome(&self, event: &Event<Order>, Captured(id): Captured<u64>) {
        println!("  welcome: order {id} from {}", event.source().unwrap_or("nowhere"));
    }

    #[on("order.{id}.placed", from = "web", take = 2)]
    fn thank(&self, Captured(id): Captured<u64>, topic: &Topic) {
        println!("  thank: order {id} ({topic}), which happens twice");
    }

    /// Each call has a span of the crate tracing, which calls it `counter`; alone, `traced` takes the handler's name.
    #[on("order.*.placed", priority = -1, once, traced = "counter")]
    fn first_of_the_day(&self) {
        println!("  first of the day: which happens once");
    }

    /// A task: at most four at a time, and one after the other for each shop.
    #[on(
        "order.{id}.placed",
        concurrency = 4,
        by_key = "shop",
        queue = 64,
        overflow = Overflow::Block(Duration::from_secs(1)),
        retry = Retry::times(1).backoff(WAIT, 1.0, WAIT),
        time_limit = Duration::from_secs(5),
        dead_letter = "failed.order",
        keep_dead_letters = 16,
        filter = |this, event| this.is_worth_it(event) && event.metadata().get("test").is_none()
    )]
    async fn charge(
        &self,
        event: Received<Order>,
        Captured(id): Captured<u64>,
        State(bank): State<Bank>,
        bus: Bus,
    ) -> Result<(), String> {
        let Order::Placed { shop, .. } = &event.data else { return Ok(()) };
        bank.charge(shop, event.attempt()).await?;
        self.notes.add(format_args!("charge: order {id} of {shop}, attempt {}", event.attempt()));
        // The order is the cause of this, whichever thread it comes to run in.
        let paid = bus.publish_async(Order::Paid { id }).await;
        paid.map(drop).map_err(|error| error.to_string())
    }

    /// Two patterns are two subscriptions, each with its own keys.
    #[on("order.{id}.paid", by_key, retry = 2)]
    #[on("order.{id}.lost", by_key = |event| event.key().map(Box::from))]
    async fn ship(&self, event: &Event<Order>, Captured(id): Captured<u64>) {
        match event.data {
            Order::Paid { .. } => self.notes.add(format_args!("ship: order {id}")),
            _ => self.notes.add(format_args!("ship: order {id} is not to be shipped")),
        }
    }

    /// A group of events, which their type names.
    #[on(group = Order::settled)]
    fn settled(&self, event: &Event<Order>) {
        let because = if event.causation().is_some() { "caused by another" } else { "by itself" };
        self.notes.add(format_args!("settled: {}, {because}", event.topic()));
    }

    /// Every topic of the type, whatever bus below has published it; and what failed for good.
    #[on]
    async fn audit(&self, event: &Event<Order>, bus: Bus) {
        if let Some(below) = bus.local_topic(event).filter(|topic| !topic.starts_with("order")) {
            self.notes.add(format_args!("audit: {below}"));
        }
    }

    #[on("failed.order")]
    async fn complain(&self, letter: &Event<DeadLetter>) {
        let DeadLetter { event, error, attempts, .. } = &letter.data;
        self.notes
            .add(format_args!("complain: {} after {attempts} attempts: {error}", event.topic()));
    }

    /// A method without `#[on]` is left alone.
    fn is_worth_it(&self, event: &Event) -> bool {
        let order = event.downcast_ref::<Order>().map(|order| &order.data);
        !matches!(order, Some(Order::Placed { cents, .. }) if *cents < self.least)
    }
}

/// Comes when the day is over, and begins with the history.
struct Report(Arc<Service>, AtomicBool);

#[rem::handlers]
impl Report {
    #[on("order.*.placed", start = Start::Earliest)]
    async fn placed(&self, event: Received<Order>) -> Result<(), String> {
        self.0.past.send(event.topic().to_string()).map_err(|error| error.to_string())
    }

    /// Called with the past, too, by the thread that registers it; and no more when the report is full.
    #[on("order.*.lost", start = Start::Last(1), until = Self::is_full)]
    fn lost(&self, event: Received<Order>) {
        let when = if event.is_replay() { "before" } else { "since" };
        println!("  {} was lost {when}", event.topic());
        self.1.store(!event.is_replay(), Ordering::SeqCst);
    }

    fn is_full(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }
}

/// Keeps in the journal, under a name, how far it is. At least once each: what is handled when a crash comes, comes again.
struct Ledger(Sender<u64>);

#[rem::handlers]
impl Ledger {
    #[on("order.{id}.paid", durable = "ledger", window = 16, traced)]
    async fn enter(&self, Captured(id): Captured<u64>) -> Result<(), String> {
        self.0.send(id).map_err(|error| error.to_string())
    }
}

/// One run of a program whose history is in a file.
fn run(file: &Path, orders: RangeInclusive<u64>) -> Result<(), Box<dyn Error>> {
    let bus = Bus::builder().history(Journal::open(file)?).build();
    let (enters, entered) = channel();
    let subs = bus.register(Arc::new(Ledger(enters)))?;
    for id in orders.clone() {
        bus.publish(Order::Paid { id })?;
    }
    for _ in orders {
        println!("  order {} is entered", entered.recv()?);
    }
    bus.close(Duration::from_secs(10));
    subs.unsubscribe();
    Ok(())
}

/// A function may be a handler as well, async or not.
#[rem::on("$rem.handler.failed", crate = ::rem)]
fn failed(event: &Event<SystemEvent>, State(notes): State<Notes>) {
    if let SystemEvent::HandlerFailed { topic, error, .. } = &event.data {
        notes.add(format_args!("failed: {topic}: {error}"));
    }
}

/// Settles once for each link of the longest chain: placed, paid, shipped.
fn settle(bus: &Bus) -> Result<(), Box<dyn Error>> {
    for _ in 0..3 {
        bus.settle(Duration::from_secs(10))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (bank, notes) = (Bank::default(), Notes::default());
    let states = Bus::builder().state(bank.clone()).state(notes.clone());
    let bus = states.history(Ring::events(1_000)).build();
    let (past, told) = channel();
    let service = Arc::new(Service { least: 5, notes: notes.clone(), past });
    let subs = bus.register(Arc::clone(&service))?;
    let _failed = bus.register_fn::<failed>()?;
    println!("{} handlers:", subs.len());
    for (name, subscription) in subs.iter() {
        println!("  {name}: {}", subscription.pattern());
    }

    let place = |id, shop: &str, cents| {
        bus.event(Order::Placed { id, shop: shop.into(), cents }).source("web").publish()
    };
    println!("three orders are placed; one is worth too little:");
    place(1, "tea", 250)?;
    place(2, "toys", 900)?;
    place(3, "tea", 1)?;
    settle(&bus)?;
    println!("meanwhile, in tasks:");
    notes.tell();

    println!("one is of a shop whose account is closed, and another follows it:");
    place(4, "books", 300)?;
    settle(&bus)?;
    place(5, "books", 400)?;
    settle(&bus)?;
    notes.tell();

    println!("the account opens, and the first is sent again; the other follows in its order:");
    bank.is_open.store(true, Ordering::SeqCst);
    let charge = subs.iter().find(|(name, _)| *name == "charge");
    let letters =
        charge.map(|(_, charge)| charge.dead_letters()).ok_or("`charge` is registered")?;
    letters.resend_all();
    while !letters.is_empty() {
        settle(&bus)?;
    }
    settle(&bus)?;
    notes.tell();

    println!("a child bus loses one:");
    bus.child("eu")?.publish(Order::Lost { id: 6 })?;
    bus.publish(Order::Lost { id: 7 })?;
    settle(&bus)?;
    notes.tell();

    println!("a report begins in the past and goes on:");
    let report = Report(Arc::clone(&service), AtomicBool::new(false));
    let _report = bus.register(Arc::new(report))?;
    for _ in 0..5 {
        println!("  {}", told.recv()?);
    }
    subs.end();
    place(8, "tea", 100)?;
    println!("  {}", told.recv()?);
    bus.publish(Order::Lost { id: 9 })?;
    bus.publish(Order::Lost { id: 10 })?; // the report is full

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orders.rem");
    println!("a program keeps its history in a file:");
    run(&file, 11..=12)?;
    println!("and is started again:");
    run(&file, 13..=14)?;
    folder.close()?;
    Ok(())
}
