//! What an inspector costs who publishes: with nobody looking, and with a client that reads its stream. Through one handler, with a
//! history, at full speed and at a million events a second.
//!
//! `cargo bench -p rem-benches --features inspector --bench inspector` measures in interleaved rounds, and counts by callgrind the
//! instructions of a publish with nobody looking, which must be those without an inspector; as a test it does it with few. `-- EVENTS`
//! says how many. `-- --one none EVENTS` and `-- --one nobody EVENTS` do nothing but publish.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::callgrind;
use rem_benches::results;
use rem_benches::rounds::{median, usual};
use serde::{Deserialize, Serialize};

const FULL: u64 = 2_000_000;
const FEW: u64 = 20_000;
const ROUNDS: usize = 11;
/// Events a second.
const RATE: u64 = 1_000_000;
/// How many are published between two looks at the clock.
const BATCH: u64 = 50;
/// How many callgrind sees.
const COUNTED: u32 = 50_000;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "account")]
enum Account {
    Paid { id: u64, cents: u64 },
}

/// Who looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// There is no inspector.
    None,
    /// It is served, and nobody looks.
    Nobody,
    /// One client, which is given so many events a second.
    Client(u32),
}

/// A client that reads all that it is sent.
struct Client(TcpStream, JoinHandle<u64>);

impl Client {
    fn open(to: SocketAddr, rate: u32) -> Self {
        let mut stream = TcpStream::connect(to).unwrap();
        let path = format!("/api/stream?stats=true&rate={rate}");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {to}\r\n\r\n").unwrap();
        let mut reading = stream.try_clone().unwrap();
        let mut buffer = vec![0; 1 << 16];
        // Its answer has begun when something of it is there.
        let first = reading.read(&mut buffer).unwrap();
        assert!(buffer[..first].starts_with(b"HTTP/1.1 200"));
        let reader = thread::spawn(move || {
            let mut bytes = first as u64;
            while let Ok(read @ 1..) = reading.read(&mut buffer) {
                bytes += read as u64;
            }
            bytes
        });
        Self(stream, reader)
    }

    fn close(self) -> u64 {
        self.0.shutdown(Shutdown::Both).unwrap();
        self.1.join().unwrap()
    }
}

/// Events a second, at full speed or at most at a rate; and how many bytes the client was sent.
fn publish(events: u64, who: Who, pace: Option<u64>) -> (f64, u64) {
    let bus = Bus::builder().history(Ring::events(100_000)).build();
    let handled = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&handled);
    let _sub = bus.on(move |event: &Event<Account>| {
        let Account::Paid { cents, .. } = event.data;
        count.fetch_add(cents, Ordering::Relaxed);
    });
    let inspector = (who != Who::None).then(|| rem::inspector::serve(&bus, "127.0.0.1:0").unwrap());
    let client = match (who, &inspector) {
        (Who::Client(rate), Some(inspector)) => Some(Client::open(inspector.address(), rate)),
        _ => None,
    };
    let publisher = bus.publisher::<Account>();
    publisher.publish(Account::Paid { id: 0, cents: 0 }).unwrap();
    let start = Instant::now();
    for id in 0..events {
        if let Some(rate) = pace.filter(|_| id % BATCH == 0) {
            let due = Duration::from_nanos(id * 1_000_000_000 / rate);
            while start.elapsed() < due {
                std::hint::spin_loop();
            }
        }
        publisher.publish(Account::Paid { id, cents: 1 }).unwrap();
    }
    let took = start.elapsed();
    assert_eq!(handled.load(Ordering::Relaxed), events);
    let bytes = client.map_or(0, Client::close);
    (f64::from(u32::try_from(events).unwrap()) / took.as_secs_f64(), bytes)
}

/// Publishes so often and does nothing else, for callgrind.
fn one(who: &str, events: &str) {
    let who = if who == "nobody" { Who::Nobody } else { Who::None };
    // The allocator does more where there is a second thread, whatever that does.
    thread::spawn(thread::park);
    publish(events.parse().unwrap(), who, None);
}

/// Instructions of a publish without an inspector, and with one that nobody looks at.
fn instructions() -> Result<(f64, f64), String> {
    // What is there before the first, and while the server starts, is in both counts.
    let count = |who, events: u32| callgrind::count(&["--one", who, &events.to_string()]);
    let each = |who| {
        let more = count(who, 2 * COUNTED)?.saturating_sub(count(who, COUNTED)?);
        Ok::<_, String>(f64::from(u32::try_from(more).unwrap_or(u32::MAX)) / f64::from(COUNTED))
    };
    Ok((each("none")?, each("nobody")?))
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if let [first, who, events, ..] = &given[..]
        && first == "--one"
    {
        return one(who, events);
    }
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events: u64 = asked.unwrap_or(if is_bench { FULL } else { FEW });
    let rounds = if is_bench { usual(ROUNDS) } else { 1 };
    println!("{events} events through one handler, a ring of 100,000, {rounds} rounds");
    let all = [Who::None, Who::Nobody, Who::Client(50), Who::Client(2_000)];
    let mut bars = Bars::default();
    for (name, pace) in [("at full speed", None), ("at 1,000,000 a second", Some(RATE))] {
        let mut rates: [Vec<f64>; 4] = Default::default();
        let mut sent = [0; 4];
        for _ in 0..rounds {
            for ((who, rates), sent) in all.into_iter().zip(&mut rates).zip(&mut sent) {
                let (rate, bytes) = publish(events, who, pace);
                rates.push(rate);
                *sent = bytes;
            }
        }
        let [none, nobody, few, many] = rates.each_mut().map(|rates| median(rates));
        for (who, rate) in [
            ("without an inspector", none),
            ("with nobody looking", nobody),
            ("with a client of 50 a second", few),
            ("with a client of 2,000 a second", many),
        ] {
            results::median(&format!("{name}, {who}"), 1e9 / rate, "ns an event");
        }
        println!(
            "{name}: without an inspector {:.0} ns an event, with nobody looking {:.0}, with a client of 50 a second {:.0} \
             ({} KB), of 2,000 {:.0} ({} KB)",
            1e9 / none,
            1e9 / nobody,
            1e9 / few,
            sent[2] >> 10,
            1e9 / many,
            sent[3] >> 10
        );
        bars.at_least(
            format!("{name}, nobody looks, of the rate without"),
            nobody / none,
            0.97,
            "",
        );
        if pace.is_some() {
            bars.at_least(
                format!("{name}, one client of 50, of the rate without"),
                few / none,
                0.9,
                "",
            );
            bars.at_least(
                format!("{name}, one client of 2,000, of the rate without"),
                many / none,
                0.9,
                "",
            );
        }
    }
    if is_bench {
        match instructions() {
            Ok((none, nobody)) => {
                println!(
                    "instructions of a publish: {none:.1} without an inspector, {nobody:.1} with nobody looking"
                );
                // A thread that waits wakes up now and then.
                bars.at_most("instructions more, while nobody looks", nobody - none, 1.0, "");
            }
            Err(error) => println!("no instructions are counted: {error}"),
        }
    }
    println!("{bars}");
}
