//! What a task costs from a publish until its handler has had the event, beside tokio's broadcast to one task that does the
//! same: bursts of 500, on one thread of tokio.
//!
//! `cargo bench --bench tasks` prints medians, and the bars with whether they hold. `-- --one NAME CALLS` does nothing but that
//! (`broadcast`, `plain`, `options` or `keys`), for callgrind; `-- --instructions` counts so.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::baseline::Stamped;
use rem_benches::callgrind;
use rem_benches::rounds::{Contender, medians, usual};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use tokio::task::yield_now;

const BURST: u32 = 500;
const CALLS: u32 = 40 * BURST;

#[derive(EventType, Debug, Clone)]
#[event(namespace = "system.provider", local)]
enum ProviderEvent {
    Connected(u64),
}

/// Sends in bursts, in the thread of a runtime that runs who receives, and waits until each burst is handled.
fn bursts(
    name: &str,
    runtime: Runtime,
    handled: Arc<AtomicU32>,
    send: impl Fn(u64) + 'static,
) -> Contender<'static> {
    Contender::timed(name, CALLS, move |calls| {
        let start = Instant::now();
        runtime.block_on(async {
            for burst in 0..calls.div_ceil(BURST) {
                let events = BURST.min(calls - burst * BURST);
                handled.store(0, Ordering::Relaxed);
                for value in 0..events {
                    send(u64::from(value));
                }
                while handled.load(Ordering::Relaxed) < events {
                    yield_now().await;
                }
            }
        });
        start.elapsed()
    })
}

fn runtime() -> (Runtime, Arc<AtomicU32>) {
    (Builder::new_current_thread().build().unwrap(), Arc::default())
}

fn broadcast_to_a_task() -> Contender<'static> {
    let (runtime, handled) = runtime();
    let (sender, mut receiver) = broadcast::channel(1_024);
    let count = Arc::clone(&handled);
    runtime.spawn(async move {
        while let Ok(event) = receiver.recv().await {
            let event: Arc<Stamped> = event;
            black_box(event.data);
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    bursts("tokio broadcast to a task", runtime, handled, move |value| {
        assert!(sender.send(Stamped::new(value)).is_ok());
    })
}

/// Which task.
#[derive(Clone, Copy)]
enum Which {
    Plain,
    /// With retry, keys and a time limit, of which none comes to pass.
    Options,
    /// The same, and several at a time, so that keys are looked at.
    Keys,
}

fn task(name: &str, which: Which) -> Contender<'static> {
    let (runtime, handled) = runtime();
    let bus = Bus::builder().spawner(runtime.handle().clone()).build();
    let builder = bus.subscription("system.provider").queue(1_024, Overflow::DropOldest);
    let handle = async |count: Arc<AtomicU32>, event: Received<ProviderEvent>| {
        let ProviderEvent::Connected(value) = event.data;
        black_box(value);
        count.fetch_add(1, Ordering::Relaxed);
    };
    let options = |builder: rem::TaskBuilder<'_>| {
        let builder = builder.by_key("id").time_limit(Duration::from_secs(30));
        builder.retry(Retry::times(3)).task_with(Arc::clone(&handled), handle)
    };
    let sub = match which {
        Which::Plain => builder.task_with(Arc::clone(&handled), handle),
        Which::Options => options(builder.concurrency(1)),
        Which::Keys => options(builder.concurrency(4)),
    };
    let (sub, publisher) = (sub.unwrap(), bus.publisher());
    bursts(name, runtime, handled, move |value| {
        black_box(&sub);
        black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
    })
}

fn contender(name: &str) -> Contender<'static> {
    match name {
        "broadcast" => broadcast_to_a_task(),
        "plain" => task("plain task", Which::Plain),
        "options" => task("task with retry, keys, time limit", Which::Options),
        "keys" => task("the same with 4 at a time", Which::Keys),
        other => panic!("no contender `{other}`"),
    }
}

const NAMES: [&str; 4] = ["broadcast", "plain", "options", "keys"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        let calls = arguments.get(at + 2).and_then(|calls| calls.parse().ok());
        contender(&arguments[at + 1]).run(calls.expect("--one NAME CALLS: how often"));
        return;
    }
    if has("--instructions") {
        for name in NAMES {
            let arguments = |calls: &str| vec!["--one".into(), name.into(), calls.into()];
            let each = callgrind::each(arguments, CALLS).unwrap();
            println!("{name:12} {each:8.0} instructions an event");
        }
        return;
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = has("--bench");
    let mut all = NAMES.map(contender);
    let medians = medians(&mut all, if measuring { usual(21) } else { 1 });
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:40} {median:9.1} ns", contender.name());
    }
    let mut bars = Bars::default();
    let work = "publish to handled, 1 task, bursts of 500";
    bars.at_most(work, medians[1] / medians[0], 1.2, "× tokio broadcast");
    let work = "retry, keys and time limit switched on, none used";
    bars.at_most(work, medians[2] - medians[1], 15.0, "ns above the plain task");
    if measuring {
        println!("\n{bars}");
    }
}
