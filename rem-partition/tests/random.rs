//! Random graphs of units against a naive model: who runs, how often, after whom, and whose failure skips whom.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use rem_partition::{Plan, RunErrorKind, Status, Unit, Workers};

/// Shared by all cases: threads are not what is tested.
static WORKERS: LazyLock<Workers> = LazyLock::new(|| Workers::rayon(3).expect("three threads"));

const UNITS: usize = 24;

#[derive(Debug, Clone)]
struct Case {
    /// What each waits for, by place before it in `order`.
    waits: Vec<BTreeSet<usize>>,
    /// In which order the units are declared, so that names come before and after those that wait for them.
    declared: Vec<usize>,
    fails: BTreeSet<usize>,
    costs: Vec<u32>,
}

fn cases() -> impl Strategy<Value = Case> {
    let waits = vec(vec(any::<prop::sample::Index>(), 0..4), 1..=UNITS);
    waits.prop_flat_map(|waits| {
        let count = waits.len();
        let waits: Vec<BTreeSet<usize>> = waits
            .into_iter()
            .enumerate()
            .map(|(unit, on)| {
                on.into_iter().filter(|_| unit > 0).map(|index| index.index(unit.max(1))).collect()
            })
            .collect();
        let declared = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        let fails = prop::collection::btree_set(0..count, 0..3);
        let costs = vec(1_u32..100, count);
        (Just(waits), declared, fails, costs).prop_map(|(waits, declared, fails, costs)| Case {
            waits,
            declared,
            fails,
            costs,
        })
    })
}

/// What is to become of each unit: whether it runs, and whose failure may be named if it does not.
fn model(case: &Case) -> Vec<BTreeSet<usize>> {
    let mut because: Vec<BTreeSet<usize>> = Vec::new();
    for on in &case.waits {
        let mut causes = BTreeSet::new();
        for before in on {
            if because[*before].is_empty() {
                causes.extend(case.fails.get(before));
            } else {
                causes.extend(&because[*before]);
            }
        }
        because.push(causes);
    }
    because
}

fn name(unit: usize) -> String {
    format!("unit {unit}")
}

fn plan(case: &Case, calls: &Arc<Vec<AtomicUsize>>, early: &Arc<AtomicUsize>) -> Plan {
    let done: Arc<Vec<AtomicUsize>> =
        Arc::new((0..calls.len()).map(|_| AtomicUsize::new(0)).collect());
    let mut units = Plan::builder();
    for unit in &case.declared {
        let (unit, on, fails) = (*unit, case.waits[*unit].clone(), case.fails.contains(unit));
        let (calls, early, done) = (Arc::clone(calls), Arc::clone(early), Arc::clone(&done));
        let before = on.clone();
        let work = move || {
            calls[unit].fetch_add(1, SeqCst);
            if before.iter().any(|before| done[*before].load(SeqCst) == 0) {
                early.fetch_add(1, SeqCst);
            }
            if fails {
                return Err("as it should".into());
            }
            done[unit].fetch_add(1, SeqCst);
            Ok(unit)
        };
        let builder =
            Unit::new(name(unit)).after_all(on.into_iter().map(name)).cost(case.costs[unit]);
        units.add(if unit % 2 == 0 {
            builder.run(move |_| work())
        } else {
            builder.run_async(move |_| std::future::ready(work()))
        });
    }
    units.build().expect("units that wait for those before them alone are a plan")
}

/// The cost of the longest way, by trying all that wait.
fn longest(case: &Case) -> u64 {
    let mut longest = vec![0_u64; case.waits.len()];
    for (unit, on) in case.waits.iter().enumerate() {
        let before = on.iter().map(|before| longest[*before]).max().unwrap_or(0);
        longest[unit] = before + u64::from(case.costs[unit]);
    }
    longest.into_iter().max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn each_unit_runs_once_after_all_that_it_waits_for_or_names_the_failure(case in cases()) {
        let count = case.waits.len();
        let calls: Arc<Vec<_>> = Arc::new((0..count).map(|_| AtomicUsize::new(0)).collect());
        let early = Arc::new(AtomicUsize::new(0));
        let plan = plan(&case, &calls, &early);
        let because = model(&case);
        let ran = plan.run(&WORKERS);
        prop_assert_eq!(ran.is_ok(), case.fails.is_empty());
        let report = match ran {
            Ok(report) => report,
            Err(error) => {
                prop_assert_eq!(error.kind(), RunErrorKind::Failed);
                error.into_report().expect("it was waited for")
            }
        };
        prop_assert_eq!(early.load(SeqCst), 0, "began before what it waits for was done");
        for (unit, because) in because.iter().enumerate() {
            let status = report.status(&name(unit)).expect("it is in the plan");
            let called = calls[unit].load(SeqCst);
            if !because.is_empty() {
                prop_assert_eq!(called, 0, "unit {} ran behind a failure", unit);
                let Status::Skipped { because: named } = status else {
                    return Err(TestCaseError::fail(format!("unit {unit} is {status:?}")));
                };
                prop_assert!(because.iter().any(|cause| name(*cause) == *named));
            } else if case.fails.contains(&unit) {
                prop_assert_eq!((called, status), (1, Status::Failed));
            } else {
                prop_assert_eq!((called, status), (1, Status::Completed));
                prop_assert_eq!(*report.output_of::<usize>(&name(unit)).unwrap(), unit);
            }
        }
        let counts = report.counts();
        prop_assert_eq!((counts.total(), counts.left, counts.cancelled), (count, 0, 0));
        prop_assert_eq!(counts.skipped, because.iter().filter(|because| !because.is_empty()).count());
    }

    #[test]
    fn the_longest_way_is_the_models_and_the_order_holds_all_dependencies(case in cases()) {
        let calls = Arc::new((0..case.waits.len()).map(|_| AtomicUsize::new(0)).collect());
        let plan = plan(&case, &calls, &Arc::default());
        prop_assert_eq!(plan.critical_cost(), longest(&case));
        let order: Vec<_> = plan.order().collect();
        prop_assert_eq!(order.len(), case.waits.len());
        let place = |unit: usize| order.iter().position(|other| *other == name(unit)).unwrap();
        for (unit, on) in case.waits.iter().enumerate() {
            prop_assert!(on.iter().all(|before| place(*before) < place(unit)));
        }
        let way = plan.critical_path();
        for (before, behind) in way.iter().zip(way.iter().skip(1)) {
            let waits = |unit: &usize| name(*unit) == **behind
                && case.waits[*unit].iter().any(|on| name(*on) == **before);
            prop_assert!((0..order.len()).any(|unit| waits(&unit)), "{} then {}", before, behind);
        }
    }

    #[test]
    fn an_edge_back_is_a_cycle_of_which_each_waits_for_the_next(case in cases(), back in any::<prop::sample::Index>()) {
        // A chain through all, and a dependency of an earlier one on the last.
        let (count, back) = (case.waits.len() + 1, back.index(case.waits.len()));
        let mut units = Plan::builder();
        for unit in 0..count {
            let mut builder = Unit::new(name(unit));
            if unit > 0 {
                builder = builder.after(name(unit - 1));
            }
            if unit == back {
                builder = builder.after(name(count - 1));
            }
            units.add(builder.run(|_| Ok(())));
        }
        let error = units.build().unwrap_err();
        let mut cycle: Vec<_> = error.in_cycle().map(str::to_owned).collect();
        prop_assert_eq!(cycle.len(), count - back);
        let start = cycle.iter().position(|unit| *unit == name(count - 1)).unwrap();
        cycle.rotate_left(start);
        let wanted: Vec<_> = (back..count).rev().map(name).collect();
        prop_assert_eq!(cycle, wanted);
    }
}
