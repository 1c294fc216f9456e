//! What units of work cost: units that do nothing, alone and with dependencies; and how near a run comes to the shortest time that
//! two workers can need. What a unit takes of memory is counted by a test, `rem-partition/tests/memory.rs`.
//!
//! `cargo bench --bench partition` takes five minutes, for its units of 0.1 to 10 ms take 25 s a round; as a test it does it with few.
//! `-- UNITS` says how many.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rem::Bus;
use rem::partition::{EventDrivenPartitioner, LocalTask, Plan, Unit, Workers};
use rem_benches::bars::Bars;
use rem_benches::rounds::{median, usual};

const FULL: u32 = 1_000_000;
const FEW: u32 = 2_000;
const ROUNDS: usize = 11;
const LONG: Duration = Duration::from_secs(60);

/// Units that do nothing, each after so many others: those at half and at a quarter of its number.
fn idle(units: u32, after: u32) -> Plan {
    let mut plan = Plan::builder();
    for unit in 0..units {
        let before = (1..=after).map(|part| unit >> part).filter(|before| *before != unit);
        let builder =
            Unit::new(unit.to_string()).after_all(before.map(|before| before.to_string()));
        plan.add(builder.run(|_| Ok(())));
    }
    plan.build().unwrap()
}

/// Nanoseconds a unit.
fn run(plan: &Plan, workers: &Workers) -> f64 {
    let start = Instant::now();
    let report = plan.run(workers).unwrap();
    let took = start.elapsed();
    assert_eq!(report.counts().completed, plan.len());
    took.as_secs_f64() * 1e9 / f64::from(u32::try_from(plan.len()).unwrap())
}

/// Units that do nothing and come as events, each after so many others, with as many remembered as there are; nanoseconds a unit,
/// from the first event to the last end.
fn coming(units: u32, after: u32, workers: &Workers) -> f64 {
    let bus = Bus::new();
    let limit = usize::try_from(units).unwrap();
    let partitioner = EventDrivenPartitioner::builder(&bus, workers)
        .open_at_most(limit)
        .remember(limit)
        .attach()
        .unwrap();
    let start = Instant::now();
    for unit in 0..units {
        let before = (1..=after).map(|part| unit >> part).filter(|before| *before != unit);
        let unit = Unit::new(unit.to_string()).after_all(before.map(|before| before.to_string()));
        bus.publish(LocalTask::new(unit.run(|_| Ok(())))).unwrap();
    }
    partitioner.settled_within(LONG).unwrap();
    let took = start.elapsed();
    assert_eq!(partitioner.stats().completed, u64::from(units));
    took.as_secs_f64() * 1e9 / f64::from(units)
}

/// Units of 0.1 to 10 ms, each after up to two of the forty before it; what they took is summed up.
fn busy(units: u32, worked: &Arc<AtomicU64>) -> Plan {
    let mut random = 12_345_u64;
    let mut below = |limit: u32| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u32::try_from((random >> 33) % u64::from(limit)).unwrap()
    };
    let mut plan = Plan::builder();
    for unit in 0..units {
        let cost = 100 + below(9_901);
        let mut builder = Unit::new(unit.to_string()).cost(cost);
        for _ in 0..below(3) {
            if unit > 0 {
                builder = builder.after((unit - 1 - below(unit.min(40))).to_string());
            }
        }
        let worked = Arc::clone(worked);
        plan.add(builder.run(move |_| {
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(cost.into()) {
                std::hint::spin_loop();
            }
            worked.fetch_add(u64::try_from(start.elapsed().as_nanos())?, Ordering::Relaxed);
            Ok(())
        }));
    }
    plan.build().unwrap()
}

/// The shortest time that two workers could need, as a part of the time that they needed. The units' own times are those that they took,
/// not those that they should, for other programs hold them up as well.
fn makespan(units: u32, workers: &Workers) -> f64 {
    let worked = Arc::new(AtomicU64::new(0));
    let plan = busy(units, &worked);
    let start = Instant::now();
    plan.run(workers).unwrap();
    let took = start.elapsed();
    let shared = Duration::from_nanos(worked.load(Ordering::Relaxed) / 2);
    let longest = Duration::from_micros(plan.critical_cost());
    shared.max(longest).as_secs_f64() / took.as_secs_f64()
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let units: u32 = asked.unwrap_or(if is_bench { FULL } else { FEW });
    let rounds = if is_bench { usual(ROUNDS) } else { 1 };
    println!("{units} units on 2 workers, {rounds} rounds");
    let workers = Workers::rayon(2).unwrap();
    let idle: Vec<_> = (0..=2).map(|after| idle(units, after)).collect();
    let mut alone = [const { Vec::new() }; 3];
    let mut came = [const { Vec::new() }; 2];
    let mut parts = Vec::new();
    for _ in 0..rounds {
        for (plan, each) in idle.iter().zip(&mut alone) {
            each.push(run(plan, &workers));
        }
        // A tenth, for these cost more.
        for (after, each) in [0, 2].into_iter().zip(&mut came) {
            each.push(coming((units / 10).max(1), after, &workers));
        }
        // A hundredth, for these take 5 ms each.
        parts.push(makespan((units / 100).max(1), &workers));
    }
    let mut bars = Bars::default();
    for (after, each) in alone.iter_mut().enumerate() {
        let work = format!("a unit that does nothing and waits for {after} others");
        bars.at_most(work, median(each), 1_000.0, "ns");
    }
    for (after, each) in [0, 2].into_iter().zip(&mut came) {
        let work = format!("the same that comes as an event and waits for {after} others");
        bars.at_most(work, median(each), 10_000.0, "ns");
    }
    bars.at_least("the shortest time there is, of a run's", median(&mut parts), 0.9, "");
    println!("{bars}");
}
