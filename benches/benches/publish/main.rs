//! What a publish costs, beside what programs write by hand and beside the channels they use, against the bars.
//!
//! `cargo bench --bench publish` measures what runs in one thread alone with criterion, then everything in interleaved
//! rounds; what is printed are medians, and the bars with whether they hold. `-- --bars` prints the second part alone,
//! `-- --one HANDLERS CALLS` does nothing but publish, for a profiler or callgrind; in place of HANDLERS it takes the name of
//! whatever else is measured.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

mod churn;
mod events;
mod inline;
mod queues;
mod threads;

use criterion::Criterion;
use rem_benches::bars::Bars;
use rem_benches::rounds::usual;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        let number = |at: usize| arguments.get(at).and_then(|number| number.parse::<u32>().ok());
        let calls = number(at + 2).expect("--one HANDLERS CALLS: how often");
        if let Some(handlers) = number(at + 1) {
            return inline::one(handlers, calls);
        }
        let mut all = inline::contenders().into_iter().chain(queues::contenders());
        let named = all.find(|contender| contender.name() == arguments[at + 1]);
        let took = named.expect("--one NAME CALLS: one of those that are measured").run(calls);
        return println!("{:.1} ns each", took.as_secs_f64() * 1e9 / f64::from(calls));
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = has("--bench");
    if !has("--bars") {
        let mut criterion = Criterion::default().configure_from_args();
        for mut contender in inline::contenders().into_iter().chain(queues::contenders()) {
            let name = contender.name().to_owned();
            criterion.bench_function(&name, |bencher| {
                bencher
                    .iter_custom(|calls| contender.run(u32::try_from(calls).unwrap_or(u32::MAX)));
            });
        }
        criterion.final_summary();
    }
    let rounds = if measuring { usual(21) } else { 1 };
    let mut bars = Bars::default();
    inline::bars(&mut bars, rounds);
    queues::bars(&mut bars, rounds);
    threads::bars(&mut bars, rounds);
    churn::bars(&mut bars, if measuring { usual(11) } else { 1 });
    if measuring {
        println!("\n{bars}");
    }
}
