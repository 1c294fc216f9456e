//! Durable subscriptions over the file: what a crash takes back, what it does not, and what happens once all the same.
//!
//! A crash is a copy of the file at a moment when nothing is being written: what is in it, and nothing else.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

#[path = "../journal/flaky.rs"]
mod flaky;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flaky::{Flaky, Switch};
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, DurableStream, EventId, Payload, Received, Start, TryRecvError, Unsubscribed};
use rem_journal::{Durability, Journal, JournalBuilder, Keep, Retention};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(30);
const PACES: [Durability; 2] =
    [Durability::EveryEvent, Durability::Every(Duration::from_millis(2))];

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    (folder, path)
}

fn bus(options: JournalBuilder, path: &Path) -> Bus {
    Bus::builder().history(options.open(path).unwrap()).build()
}

/// A bus that will crash.
fn to_crash(durability: Durability, path: &Path) -> (Bus, Switch) {
    let switch = Switch::default();
    let options = Journal::builder().durability(durability);
    let journal = options.on(Flaky::open(path, &switch), path).unwrap();
    (Bus::builder().history(journal).build(), switch)
}

/// A bus on what a crash would leave now.
fn crashed(path: &Path, switch: &Switch, number: usize) -> (PathBuf, Bus) {
    let copy = path.with_extension(number.to_string());
    {
        let _writing = switch.writing.lock().unwrap();
        fs::copy(path, &copy).unwrap();
    }
    let bus = bus(Journal::builder(), &copy);
    (copy, bus)
}

fn publish(bus: &Bus, topic: &str, data: u64) -> EventId {
    let data = RawEvent::new(Codec::Json, data.to_string().as_bytes());
    let receipt = bus.publish_to(topic, data).unwrap();
    receipt.durable().wait(LONG).unwrap();
    receipt.id().unwrap()
}

fn number(event: &rem_core::Event<RawEvent>) -> u64 {
    std::str::from_utf8(event.data.bytes()).unwrap().parse().unwrap()
}

fn stream(bus: &Bus) -> DurableStream<RawEvent> {
    bus.subscription("order.paid").durable("invoices").stream().unwrap()
}

/// The next so many, without a loss.
fn take(stream: &mut DurableStream<RawEvent>, count: usize) -> Vec<u64> {
    (0..count).map(|_| number(&stream.recv_timeout(LONG).unwrap())).collect()
}

/// Waits until the position of the file says so.
fn until_stored(path: &Path, switch: &Switch, bus: &Bus, position: u64) {
    let mut number = 1_000;
    loop {
        number += 1;
        assert_eq!(bus.positions()[0].position, position);
        let (copy, crashed) = crashed(path, switch, number);
        let stored = crashed.positions().first().map(|it| it.position);
        drop(crashed);
        fs::remove_file(copy).unwrap();
        if stored == Some(position) {
            return;
        }
        thread::yield_now();
    }
}

#[test]
fn a_crash_between_handler_and_position_gives_the_event_again() {
    for durability in PACES {
        let (_folder, path) = folder();
        let (first, switch) = to_crash(durability, &path);
        let mut invoices = stream(&first);
        (1..=4).for_each(|order| _ = publish(&first, "order.paid", order));
        assert_eq!(take(&mut invoices, 1), [1]);
        invoices.ack();
        until_stored(&path, &switch, &first, 1);
        assert_eq!(take(&mut invoices, 1), [2]);
        // Handled, and the process is killed before that is said.
        let (_, again) = crashed(&path, &switch, 1);
        let mut invoices_again = stream(&again);
        assert_eq!(take(&mut invoices_again, 3), [2, 3, 4], "{durability:?}");
        // What was published after the crash comes behind it, and the numbers between are no loss.
        publish(&again, "order.paid", 5);
        assert_eq!(take(&mut invoices_again, 1), [5]);
        assert_eq!(invoices_again.subscription().missed(), 0);
    }
}

#[test]
fn a_position_is_stored_though_nothing_is_published_any_more() {
    for durability in PACES {
        let (_folder, path) = folder();
        let (bus, switch) = to_crash(durability, &path);
        let handled = Arc::new(Mutex::new(0));
        let durable = bus.subscription("order.paid").durable("invoices");
        let _sub = durable
            .task_with(Arc::clone(&handled), async |handled, _: Received<dyn Payload>| {
                *handled.lock().unwrap() += 1;
            })
            .unwrap();
        for order in 1..=20 {
            publish(&bus, "order.paid", order);
        }
        while bus.positions()[0].position < 20 {
            thread::yield_now();
        }
        until_stored(&path, &switch, &bus, 20);
        assert_eq!(*handled.lock().unwrap(), 20);
    }
}

#[test]
fn an_effect_that_is_stored_with_the_position_happens_once() {
    let (_folder, path) = folder();
    let (first, switch) = to_crash(PACES[1], &path);
    let total = |invoices: &DurableStream<RawEvent>| match invoices.note() {
        Some(note) => String::from_utf8(note).unwrap().parse::<u64>().unwrap(),
        None => 0,
    };
    for order in 1..=30 {
        publish(&first, "order.paid", order);
    }
    let mut invoices = stream(&first);
    for crash in 1..=30 {
        // The effect is a sum, which an event that is added twice, or never, makes wrong.
        let sum = total(&invoices) + take(&mut invoices, 1)[0];
        invoices.ack_with(sum.to_string()).unwrap();
        if crash % 3 == 0 {
            thread::yield_now(); // now and then it comes to the disk before the crash
        }
        let (copy, again) = crashed(&path, &switch, crash);
        let mut invoices_again = stream(&again);
        let done = invoices_again.position();
        assert_eq!(total(&invoices_again), done * (done + 1) / 2, "note and position agree");
        while invoices_again.position() < 30 {
            let sum = total(&invoices_again) + take(&mut invoices_again, 1)[0];
            invoices_again.ack_with(sum.to_string()).unwrap();
        }
        drop((invoices_again, again));
        let after = bus(Journal::builder(), &copy);
        assert_eq!(total(&stream(&after)), 465, "after crash {crash}");
        drop(after);
        fs::remove_file(copy).unwrap();
    }
}

/// A table of a database, which keeps effects by the ids of their events.
type Table = Arc<Mutex<HashMap<EventId, u64>>>;

#[test]
fn an_effect_by_the_id_of_its_event_happens_once_though_the_event_comes_twice() {
    let (_folder, path) = folder();
    let (first, switch) = to_crash(PACES[1], &path);
    let (table, calls): (Table, _) = (Table::default(), Arc::new(Mutex::new(0)));
    let book = |bus: &Bus| {
        let state = (Arc::clone(&table), Arc::clone(&calls));
        let durable = bus.subscription("order.paid").durable("invoices").concurrency(4);
        durable.task_with(state, async |(table, calls), paid: Received<RawEvent>| {
            // INSERT … ON CONFLICT DO NOTHING
            table.lock().unwrap().entry(paid.id()).or_insert_with(|| number(&paid));
            *calls.lock().unwrap() += 1;
        })
    };
    let sub = book(&first).unwrap();
    (1..=50).for_each(|order| _ = publish(&first, "order.paid", order));
    // Before its position is stored, or after some of it is.
    let (_, again) = crashed(&path, &switch, 1);
    while first.positions()[0].position < 50 {
        thread::yield_now();
    }
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    assert_eq!(*calls.lock().unwrap(), 50);
    // The events of the process that was killed are handled again, in part or all.
    assert!(again.forget("invoices").is_ok());
    let sub = book(&again).unwrap();
    while again.positions()[0].position < 50 {
        thread::yield_now();
    }
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    assert_eq!(*calls.lock().unwrap(), 100, "every event came twice");
    let table = table.lock().unwrap();
    assert_eq!((table.len(), table.values().sum::<u64>()), (50, 1_275), "and had one effect");
}

#[test]
fn it_goes_on_where_it_was_when_its_program_is_started_again() {
    let (_folder, path) = folder();
    let mut next = 1;
    for start in 1..=10 {
        let bus = bus(Journal::builder().durability(PACES[start % 2]), &path);
        let mut invoices = stream(&bus);
        for order in 1..=3 {
            publish(&bus, "order.paid", (start as u64 - 1) * 3 + order);
            publish(&bus, "order.placed", 0);
        }
        // One is left for the next start.
        let count = if start == 1 { 2 } else { 3 };
        for got in take(&mut invoices, count) {
            assert_eq!(got, next);
            next += 1;
        }
        invoices.ack();
        assert_eq!(invoices.subscription().missed(), 0);
    }
}

#[test]
fn nothing_is_passed_by_where_publishers_overtake_one_another_by_more_than_memory_has() {
    const EACH: u64 = 400;
    let (_folder, path) = folder();
    let options = Journal::builder().durability(Durability::EveryEvent).backlog(3, 1 << 20);
    let bus = bus(options, &path);
    let mut invoices = stream(&bus);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| (0..EACH).for_each(|order| _ = publish(&bus, "order.paid", order)));
        }
        for expected in 1..=6 * EACH {
            let paid = invoices.recv_timeout(LONG).unwrap();
            assert_eq!(paid.sequence(), Some(expected));
            invoices.ack();
        }
    });
    assert_eq!(bus.query("order.paid").unwrap().events().len() as u64, 6 * EACH);
}

#[test]
fn a_closed_bus_with_idle_tasks_lets_its_file_be_opened_again() {
    let (_folder, path) = folder();
    let handled = Arc::new(Mutex::new(Vec::new()));
    for round in 1..=20 {
        let bus = bus(Journal::builder(), &path);
        let durable = bus.subscription("order.paid").durable("invoices").concurrency(3);
        let sub =
            durable.task_with(Arc::clone(&handled), async |handled, paid: Received<RawEvent>| {
                handled.lock().unwrap().push(number(&paid));
            });
        let sub = sub.unwrap();
        publish(&bus, "order.paid", round);
        while bus.positions()[0].position < round {
            thread::yield_now();
        }
        let report = bus.close(LONG);
        assert!(report.is_complete(), "{report}");
        drop((sub, bus));
    }
    assert_eq!(*handled.lock().unwrap(), (1..=20).collect::<Vec<_>>(), "each once");
}

#[test]
fn what_retention_let_go_is_a_loss_to_who_may_have_selected_it() {
    let (_folder, path) = folder();
    let retention = Retention::new().of("order.**", Keep::events(4)).unwrap();
    let options = Journal::builder().retention(retention).backlog(8, 1 << 20);
    let first = bus(options.clone(), &path);
    let names = ["order.paid", "mail.sent"];
    for topic in names {
        let durable = first.subscription(topic).durable(topic).from(Start::Latest);
        drop(durable.stream::<RawEvent>().unwrap());
    }
    for order in 1..=60 {
        publish(&first, names[order % 2], order as u64);
    }
    first.close(LONG);
    drop(first);
    let again = bus(options, &path);
    let [(mails, no_loss), (orders, missed)] = ["mail.sent", "order.paid"].map(|topic| {
        let mut stream = again.subscription(topic).durable(topic).stream::<RawEvent>().unwrap();
        let mut got = Vec::new();
        loop {
            match stream.try_recv() {
                Ok(event) => got.push(number(&event)),
                Err(TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        (got, stream.subscription().missed())
    });
    assert_eq!(mails, (1..=60).filter(|number| number % 2 == 1).collect::<Vec<_>>());
    assert_eq!(no_loss, 0, "no rule lets go of mails");
    assert!(orders.len() < 30 && orders.last() == Some(&60), "{orders:?}");
    assert!(missed > 0, "what was let go is told");
}

#[test]
fn a_journal_of_which_nothing_is_left_is_passed_by() {
    let (_folder, path) = folder();
    let retention = Retention::new().all(Keep::events(0));
    let first = bus(Journal::builder().retention(retention), &path);
    drop(stream(&first));
    (1..=3).for_each(|order| _ = publish(&first, "order.paid", order));
    first.close(LONG);
    drop(first);
    let again = bus(Journal::builder(), &path);
    assert_eq!(again.query("**").unwrap().events().len(), 0);
    let mut invoices = stream(&again);
    let Err(TryRecvError::Lagged(lagged)) = invoices.try_recv() else { panic!("no loss") };
    assert_eq!((lagged.from(), lagged.to()), (1, 3));
    assert_eq!(invoices.try_recv().unwrap_err(), TryRecvError::Empty);
    invoices.ack();
    assert_eq!(invoices.position(), 3);
    publish(&again, "order.paid", 4);
    assert_eq!(take(&mut invoices, 1), [4]);
}

#[test]
fn a_name_that_is_forgotten_begins_anew_also_after_a_restart() {
    let (_folder, path) = folder();
    let first = bus(Journal::builder(), &path);
    (1..=3).for_each(|order| _ = publish(&first, "order.paid", order));
    let mut invoices = stream(&first);
    assert_eq!(take(&mut invoices, 3), [1, 2, 3]);
    invoices.ack_with("note").unwrap();
    drop(invoices);
    assert!(first.forget("invoices").unwrap());
    drop(first);
    let again = bus(Journal::builder(), &path);
    assert_eq!(again.positions(), []);
    let mut invoices = stream(&again);
    assert_eq!((invoices.note(), take(&mut invoices, 1)), (None, vec![1]));
}
