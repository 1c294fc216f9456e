//! What sending a signal costs, beside calling the closures of a `Vec<Box<dyn Fn>>`, against the bars.
//!
//! `cargo bench --bench signals` measures each alone with criterion, then all in interleaved rounds; what is printed are
//! medians, and the bars with whether they hold, then instructions counted by callgrind, which no other load changes.
//! `-- --bars` prints the second part alone, `-- --one CONTENDER CALLS` does nothing but that, for callgrind.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;

use criterion::Criterion;
use rem::Signal;
use rem::signal::Connection;
use rem_benches::bars::Bars;
use rem_benches::callgrind;
use rem_benches::results;
use rem_benches::rounds::{Contender, medians, usual};

/// Few enough for a turn to end before the machine gives the processor to somebody else.
const CALLS: u32 = 10_000;
/// How many calls callgrind sees.
const COUNTED: u32 = 10_000;

type Receiver = Box<dyn Fn(&u64) -> u64 + Send + Sync>;

/// The same for all: what the receiver does costs next to nothing.
fn receiver(number: u64) -> impl Fn(&u64) -> u64 + Send + Sync + 'static {
    move |value| black_box(value.wrapping_add(number))
}

fn closures(count: u64) -> Vec<Receiver> {
    (0..count).map(|number| -> Receiver { Box::new(receiver(number)) }).collect()
}

/// Its receivers last as long as it does.
fn signal<S: std::hash::Hash + Eq + Send + Sync + 'static>(count: u64) -> Signal<u64, u64, S> {
    let signal = Signal::new();
    (0..count).for_each(|number| signal.connect(receiver(number)).detach());
    signal
}

/// Its receivers may end at any time: their guards are held.
fn guarded(count: u64) -> (Signal<u64, u64>, Vec<Connection>) {
    let signal = Signal::new();
    let guards = (0..count).map(|number| signal.connect(receiver(number))).collect();
    (signal, guards)
}

fn contenders() -> Vec<Contender<'static>> {
    let mut all = Vec::new();
    for count in [1, 8] {
        let name = |what: &str| format!("{count}: {what}");
        let called = black_box(closures(count));
        all.push(Contender::new(name("a loop by hand"), CALLS, move |value| {
            for closure in &called {
                closure(&value);
            }
        }));
        let called = black_box(closures(count));
        all.push(Contender::new(name("a loop by hand, collected"), CALLS, move |value| {
            black_box(called.iter().map(|closure| closure(&value)).collect::<Vec<_>>());
        }));
        let sent = signal::<()>(count);
        all.push(Contender::new(name("send"), CALLS, move |value| {
            black_box(sent.send(&value).unwrap());
        }));
        let sent = signal::<()>(count);
        all.push(Contender::new(name("emit"), CALLS, move |value| {
            black_box(sent.emit(&value).unwrap());
        }));
        let (sent, guards) = guarded(count);
        all.push(Contender::new(name("send, guards held"), CALLS, move |value| {
            let _held = &guards;
            black_box(sent.send(&value).unwrap());
        }));
        let (sent, guards) = guarded(count);
        all.push(Contender::new(name("emit, guards held"), CALLS, move |value| {
            let _held = &guards;
            black_box(sent.emit(&value).unwrap());
        }));
        // As many hear any sender, and one this alone.
        let sent = signal::<u32>(count - 1);
        sent.connect_to(7, receiver(7)).detach();
        all.push(Contender::new(name("send by a sender"), CALLS, move |value| {
            black_box(sent.by(&7).send(&value).unwrap());
        }));
    }
    all
}

fn bars(measuring: bool) -> Bars {
    let rounds = if measuring { usual(201) } else { 1 };
    let mut all = contenders();
    let times = medians(&mut all, rounds);
    let counts: Result<Vec<f64>, String> = if measuring {
        let count = |at: usize| {
            callgrind::each(|calls| vec!["--one".into(), at.to_string(), calls.into()], COUNTED)
        };
        (0..all.len()).map(count).collect()
    } else {
        Err("nothing is measured".to_owned())
    };
    println!("\n{:28} {:>9} {:>13}", format!("medians of {rounds} rounds"), "ns", "instructions");
    for (at, contender) in all.iter().enumerate() {
        print!("{:28} {:9.2}", contender.name(), times[at]);
        match &counts {
            Ok(counts) => println!(" {:13.0}", counts[at]),
            Err(_) => println!(),
        }
    }
    for (contender, time) in all.iter().zip(&times) {
        let (count, what) = contender.name().split_once(": ").unwrap();
        let receivers = if count == "1" { "1 receiver" } else { "8 receivers" };
        // The page puts it beside the libraries of other languages.
        let table = format!("Elsewhere: Rust, signals of REM, {receivers}");
        results::figure(&table, what, *time, "ns");
    }
    if let Err(error) = &counts {
        println!("instructions were NOT counted: {error}");
    }
    let of = |figures: &[f64], name: &str| {
        figures[all.iter().position(|contender| contender.name() == name).unwrap()]
    };
    let mut bars = Bars::default();
    for count in [1, 8] {
        let mut bar = |what: &str, beside: &str| {
            let (what, beside) = (format!("{count}: {what}"), format!("{count}: {beside}"));
            let ratio = of(&times, &what) / of(&times, &beside);
            bars.at_most(format!("{what}, beside {beside}"), ratio, 1.5, "×");
            if let Ok(counts) = &counts {
                let ratio = of(counts, &what) / of(counts, &beside);
                println!("{what}: {ratio:.2} × the instructions of {beside}");
            }
        };
        bar("send", "a loop by hand, collected");
        bar("emit", "a loop by hand");
    }
    bars
}

/// `--one CONTENDER CALLS`: nothing but that many calls of one contender.
fn one(arguments: &[String]) -> Option<()> {
    let at = arguments.iter().position(|argument| argument == "--one")?;
    let contender: usize = arguments.get(at + 1)?.parse().ok()?;
    let calls: u32 = arguments.get(at + 2)?.parse().ok()?;
    contenders().swap_remove(contender).run(calls);
    Some(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if one(&arguments).is_some() {
        return;
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    if !arguments.iter().any(|argument| argument == "--bars") {
        let mut criterion = Criterion::default().configure_from_args();
        for mut contender in contenders() {
            let name = contender.name().to_owned();
            criterion.bench_function(&name, |bencher| {
                bencher
                    .iter_custom(|calls| contender.run(u32::try_from(calls).unwrap_or(u32::MAX)));
            });
        }
        criterion.final_summary();
    }
    let bars = bars(measuring);
    if measuring {
        println!("\n{bars}");
    }
}
