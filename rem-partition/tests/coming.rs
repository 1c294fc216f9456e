//! Units that come in any order, against a naive model: which are refused, and why; which complete when nothing more comes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, mpsc};
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use rem_core::Bus;
use rem_partition::{EventDrivenPartitioner, LocalTask, RefusalKind, Status, Unit, Workers};

/// Until then a test would have hung.
const HUNG: Duration = Duration::from_secs(60);
/// So few names that they come again, wait for themselves, and wait in circles.
const NAMES: usize = 10;

/// Shared by all cases: threads are not what is tested.
static WORKERS: LazyLock<Workers> = LazyLock::new(|| Workers::rayon(1).expect("a thread"));

/// A name, and those that it waits for.
type Coming = (usize, BTreeSet<usize>);

/// What is to be said of one that comes, by looking at all ways.
fn refusal(
    accepted: &BTreeMap<usize, BTreeSet<usize>>,
    (name, after): &Coming,
) -> Option<RefusalKind> {
    if accepted.contains_key(name) {
        return Some(RefusalKind::Duplicate);
    }
    if after.contains(name) {
        return Some(RefusalKind::Itself);
    }
    let mut reached = after.clone();
    loop {
        let next = reached.iter().filter_map(|name| accepted.get(name)).flatten();
        let further: BTreeSet<_> = next.chain(&reached).copied().collect();
        if further == reached {
            break;
        }
        reached = further;
    }
    reached.contains(name).then_some(RefusalKind::Cycle)
}

/// Those that can complete: all that they wait for can.
fn completing(accepted: &BTreeMap<usize, BTreeSet<usize>>) -> BTreeSet<usize> {
    let mut done = BTreeSet::new();
    while let Some((name, _)) =
        accepted.iter().find(|(name, after)| !done.contains(*name) && after.is_subset(&done))
    {
        done.insert(*name);
    }
    done
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_refused_and_what_ends_is_what_a_naive_model_says(
        comings in vec((0..NAMES, btree_set(0..NAMES, 0..4)), 1..40)
    ) {
        let bus = Bus::new();
        let partitioner = EventDrivenPartitioner::builder(&bus, &WORKERS).attach().unwrap();
        // The one worker is busy, so that nothing ends before all have come.
        let ((say, begun), (tell, go_on)) = (mpsc::channel(), mpsc::channel());
        let go_on = Mutex::new(go_on);
        let gate = Unit::new("gate").run(move |_| {
            say.send(())?;
            Ok(go_on.lock().expect("whole").recv_timeout(HUNG)?)
        });
        bus.publish(LocalTask::new(gate)).unwrap();
        begun.recv_timeout(HUNG).unwrap();

        let mut accepted = BTreeMap::new();
        for coming in &comings {
            let (name, after) = coming;
            let before = partitioner.stats().refused;
            let unit = Unit::new(name.to_string()).after_all(after.iter().map(ToString::to_string));
            bus.publish(LocalTask::new(unit.run(|_| Ok(())))).unwrap();
            let refused = (partitioner.stats().refused > before)
                .then(|| partitioner.refusals().pop().expect("it was refused"));
            prop_assert_eq!(refused.as_ref().map(rem_partition::Refusal::kind), refusal(&accepted, coming));
            match refused {
                None => {
                    accepted.insert(*name, after.clone());
                }
                Some(refused) if refused.kind() == RefusalKind::Cycle => {
                    let cycle: Vec<usize> =
                        refused.units().map(|unit| unit.parse().expect("a number")).collect();
                    prop_assert_eq!(cycle[0], *name);
                    for (one, next) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
                        let waits_for = if one == name { after } else { &accepted[one] };
                        prop_assert!(waits_for.contains(next), "{} does not wait for {}", one, next);
                    }
                }
                Some(_) => {}
            }
        }
        let held = accepted.values().filter(|after| !after.iter().all(|name| accepted.contains_key(name)));
        prop_assert_eq!(partitioner.stats().held, held.count() as u64);
        tell.send(()).unwrap();
        prop_assert!(partitioner.close(HUNG).is_complete());
        let completing = completing(&accepted);
        for (name, after) in &accepted {
            let status = partitioner.status(&name.to_string());
            if completing.contains(name) {
                prop_assert_eq!(status, Some(Status::Completed));
            } else if after.iter().any(|name| !accepted.contains_key(name)) {
                // Refused, or skipped by another that was refused first.
                prop_assert!(matches!(status, Some(Status::Refused | Status::Skipped { .. })), "{:?}", status);
            } else {
                prop_assert!(matches!(status, Some(Status::Skipped { .. })), "{:?}", status);
            }
        }
    }
}
