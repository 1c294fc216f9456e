//! What the cases share: servers, a shop that goes on publishing, what a mesh tells, and waits that end.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rem::mesh::{HistoryAsk, Mesh, MeshEvent, Parcel, StreamStart, Transport};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem_nats::testing::{Server, Version};
use rem_tests::mesh::{self, Order};

/// How long what must come may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// What a test has time for, or a campaign.
pub(crate) fn pick<T>(short: T, full: T) -> T {
    if mesh::is_full() { full } else { short }
}

/// On both servers, one after the other.
pub(crate) fn on_both(case: impl Fn(Version)) {
    Version::ALL.into_iter().for_each(case);
}

/// What a case did, by its number, in a line that the campaign reads.
pub(crate) fn tell(case: &str, version: Version, faults: u64, events: u64, more: &str) {
    println!("{case} on {}: {faults} faults, {events} events; {more}", version.number());
}

/// How far a case is, for who watches a campaign.
pub(crate) fn progress(case: &str, version: Version, at: u64, of: u64) {
    if mesh::is_full() {
        eprintln!("    {case} on {}: {at} of {of}", version.number());
    }
}

pub(crate) fn jetstream(version: Version) -> Server {
    Server::builder(version).jetstream().start().unwrap()
}

pub(crate) fn journaled(folder: &Path, name: &'static str) -> Bus {
    mesh::journaled(&folder.join(name), name).unwrap()
}

pub(crate) fn shop(bus: &Bus, url: &str) -> Mesh {
    mesh::shop(bus, url).unwrap().join_blocking().unwrap()
}

pub(crate) fn office(bus: &Bus, url: &str) -> Mesh {
    mesh::office(bus, url).unwrap().join_blocking().unwrap()
}

/// Waits until it holds; for what nobody tells.
#[track_caller]
pub(crate) fn eventually(holds: impl Fn() -> bool, what: impl Fn() -> String) {
    let until = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < until, "{}", what());
        thread::park_timeout(Duration::from_millis(2));
    }
}

pub(crate) fn block_on<T>(doing: impl Future<Output = T>) -> T {
    smol::block_on(doing)
}

/// Somebody who is connected to that server and is no mesh.
pub(crate) fn stranger(url: &str) -> NatsTransport {
    let transport = mesh::nats(url).build().unwrap();
    block_on(transport.connect()).unwrap();
    transport
}

/// The orders that the stream of the mesh keeps, from that number on, in its order.
pub(crate) fn stored(url: &str) -> Vec<u64> {
    let reader = stranger(url);
    let (mut from, mut found) = (StreamStart::First, Vec::new());
    loop {
        let ask = HistoryAsk::new("rem_main", from).most(1_000);
        let page = block_on(reader.streams().unwrap().read(ask)).unwrap();
        found.extend(page.parcels.iter().filter_map(|kept| order(&kept.parcel)));
        match page.next {
            Some(next) => from = StreamStart::Sequence(next),
            None => return found,
        }
    }
}

/// The number of an order that was placed, if a parcel is one.
pub(crate) fn order(parcel: &Parcel) -> Option<u64> {
    if parcel.subject().as_str() != "rem.main.order.placed" {
        return None;
    }
    let json: serde_json::Value = serde_json::from_slice(parcel.body()).unwrap();
    Some(json["data"]["id"].as_u64().unwrap())
}

/// A thread that places orders, from 0 on, until it is ended.
pub(crate) struct Publishing {
    goes_on: Arc<AtomicBool>,
    placed: Arc<AtomicU64>,
    /// Held while one is placed.
    gate: Arc<Mutex<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Publishing {
    /// So many in each millisecond at the most.
    pub(crate) fn on(bus: &Bus, burst: u64) -> Self {
        let (goes_on, placed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let (asked, counted, bus) = (Arc::clone(&goes_on), Arc::clone(&placed), bus.clone());
        let gate = Arc::new(Mutex::new(()));
        let open = Arc::clone(&gate);
        let thread = thread::spawn(move || {
            for id in 0.. {
                if !asked.load(Ordering::Acquire) {
                    return;
                }
                let through = open.lock().unwrap();
                bus.publish(Order::Placed { id }).unwrap();
                counted.store(id + 1, Ordering::Release);
                drop(through);
                if id % burst == burst - 1 {
                    // So that there is a machine left for the others.
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        Self { goes_on, placed, gate, thread: Some(thread) }
    }

    /// None is placed while this is kept.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap()
    }

    /// How many were placed so far.
    pub(crate) fn count(&self) -> u64 {
        self.placed.load(Ordering::Acquire)
    }

    /// Until so many more are placed.
    #[track_caller]
    pub(crate) fn go_on_for(&self, more: u64) {
        let until = self.count() + more;
        eventually(|| self.count() >= until, || format!("{} are placed", self.count()));
    }

    /// How many were placed in all.
    pub(crate) fn end(mut self) -> u64 {
        self.goes_on.store(false, Ordering::Release);
        self.thread.take().unwrap().join().unwrap();
        self.count()
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        // It ends with the case that has failed.
        self.goes_on.store(false, Ordering::Release);
    }
}

/// What a mesh tells on a bus, and when.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(Instant, MeshEvent)>>>);

impl Told {
    pub(crate) fn on(bus: &Bus) -> (Self, Subscription) {
        let told = Self::default();
        let kept = told.clone();
        let sub = bus.subscribe("$rem.mesh.**", move |event: &Event<MeshEvent>| {
            kept.0.lock().unwrap().push((Instant::now(), event.data.clone()));
        });
        (told, sub.unwrap())
    }

    pub(crate) fn count(&self, is_it: impl Fn(&MeshEvent) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|(_, event)| is_it(event)).count()
    }

    /// When the first of those was told behind that moment.
    pub(crate) fn first(
        &self,
        behind: Instant,
        is_it: impl Fn(&MeshEvent) -> bool,
    ) -> Option<Instant> {
        let told = self.0.lock().unwrap();
        told.iter().find(|(at, event)| *at >= behind && is_it(event)).map(|(at, _)| *at)
    }

    pub(crate) fn all(&self) -> Vec<MeshEvent> {
        self.0.lock().unwrap().iter().map(|(_, event)| event.clone()).collect()
    }
}

pub(crate) fn is_disconnected(event: &MeshEvent) -> bool {
    matches!(event, MeshEvent::Disconnected { .. })
}
