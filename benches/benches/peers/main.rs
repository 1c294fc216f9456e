//! The bus beside the crates that programs use in its place, where the work is the same: an event with an id and a time, made the obvious
//! way, from one who sends it to each who is to have it.
//!
//! `cargo bench --bench peers` prints medians of interleaved rounds. Each table has REM first. Left out of a table is who does not do
//! that work: a crate whose subscribers lose what they are late for is no peer of one that waits for them, and a ring that runs
//! handlers on threads of its own none of a task.
//!
//! Without `--bench`, as a test, each does it once; what is told then is no figure.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

mod one_thread;
mod tasks;
mod two_threads;

use rem::prelude::*;
use rem_benches::results;
use rem_benches::rounds::{Contender, compare, usual};

#[derive(EventType, Debug, Clone)]
#[event(namespace = "system.provider", local)]
enum ProviderEvent {
    Connected(u64),
}

/// Measures those that do the same work, and tells what they took, in the order given.
fn table(name: &str, mut all: Vec<Contender<'_>>, measuring: bool) {
    let medians = compare(&mut all, if measuring { usual(21) } else { 1 });
    println!("\n{name}");
    for (contender, median) in all.iter().zip(&medians) {
        let ratio = median / medians[0];
        println!("  {:40} {median:9.1} ns, {ratio:.2} × REM", contender.name());
        results::figure(name, contender.name(), *median, "ns");
    }
}

fn main() {
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = std::env::args().any(|argument| argument == "--bench");
    for count in [1, 8] {
        let what = if count == 1 { "1 subscriber" } else { "8 subscribers" };
        let name = format!("Sent and received in one thread, in bursts of 512, {what}");
        table(&name, one_thread::contenders(count), measuring);
    }
    let name = "From one thread to another, none lost, room for 1,024";
    table(name, two_threads::contenders(measuring), measuring);
    for count in [1, 8] {
        let what = if count == 1 { "1 task" } else { "8 tasks" };
        let name = format!("Sent until handled by {what} of tokio, in bursts of 500");
        table(&name, tasks::contenders(count), measuring);
    }
}
