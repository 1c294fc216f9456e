//! With `--cfg rem_shuttle`: shuttle's threads, of which a seed says who goes on.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, Runner, current};

use super::{Failure, SEED};
use crate::deliver::isolate;
use crate::sync::{JoinHandle, time};

/// A publish is deeper in calls than what shuttle gives a thread unless told.
const STACK: usize = 1 << 20;

/// What would put another seed in the place of each of ours.
const OF_SHUTTLE: &str = "SHUTTLE_RANDOM_SEED";

pub(super) fn explore(
    seeds: Range<u64>,
    preemptions: Option<usize>,
    body: impl Fn() + Send + Sync + 'static,
) -> Result<u64, Failure> {
    assert!(current::try_get_current_task().is_none(), "an `Interleave` runs within another");
    assert!(std::env::var_os(OF_SHUTTLE).is_none(), "{OF_SHUTTLE} is set; set {SEED} in its place");
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None; // the seed says it shorter
    config.silence_warnings = true; // the docs say it
    let seed = Rc::new(Cell::new(seeds.start));
    let seeded = Seeded { seeds, preemptions, seed: Rc::clone(&seed), by: None };
    let runs = isolate(|| Runner::new(seeded, config).run(body));
    runs.map(|runs| runs as u64).map_err(|message| Failure { seed: seed.get(), message })
}

pub(super) fn spawn<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    shuttle::thread::spawn(run)
}

pub(super) fn to_repeat(failure: &Failure, test: Option<&str>) -> String {
    // The one thread that every program has tells no test.
    let test = test.filter(|test| *test != "main");
    let filter = test.map(|test| format!(" -- --exact {test}")).unwrap_or_default();
    let seed = failure.seed;
    format!(
        "to see it again: {SEED}={seed} RUSTFLAGS=\"--cfg rem_shuttle\" cargo test --target-dir target/interleave{filter}"
    )
}

/// A scheduler of its own for each seed; and the time that passes when all sleep.
struct Seeded {
    seeds: Range<u64>,
    preemptions: Option<usize>,
    /// The one that runs.
    seed: Rc<Cell<u64>>,
    by: Option<By>,
}

enum By {
    Random(RandomScheduler),
    Pct(PctScheduler),
}

impl By {
    fn new(seed: u64, preemptions: Option<usize>) -> Self {
        match preemptions {
            None => Self::Random(RandomScheduler::new_from_seed(seed, 1)),
            Some(times) => {
                // Its depth counts the steps that a fault needs in order, one more than what has to stand between them. Its
                // first run finds out how many steps there are to choose from.
                Self::Pct(PctScheduler::new_from_seed(seed, times.saturating_add(1), 2))
            }
        }
    }

    fn get(&mut self) -> &mut dyn Scheduler {
        match self {
            Self::Random(by) => by,
            Self::Pct(by) => by,
        }
    }
}

impl Scheduler for Seeded {
    fn new_execution(&mut self) -> Option<Schedule> {
        time::begin();
        if let Some(again) = self.by.as_mut().and_then(|by| by.get().new_execution()) {
            return Some(again);
        }
        let seed = self.seeds.next()?;
        self.seed.set(seed);
        self.by.insert(By::new(seed, self.preemptions)).get().new_execution()
    }

    fn next_task(
        &mut self,
        tasks: &[&Task],
        current: Option<TaskId>,
        yields: bool,
    ) -> Option<TaskId> {
        let by = self.by.as_mut()?.get();
        let sleeps = |task: &&&Task| time::sleeps(task.id().into());
        if !tasks.iter().any(|task| sleeps(&task)) {
            return by.next_task(tasks, current, yields);
        }
        if tasks.iter().all(|task| sleeps(&task)) {
            time::pass();
        }
        let awake: Vec<_> = tasks.iter().filter(|task| !sleeps(task)).copied().collect();
        assert!(
            !awake.is_empty(),
            "every thread waits to be woken, and nobody is left to wake one"
        );
        by.next_task(&awake, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.by.as_mut().map_or(0, |by| by.get().next_u64())
    }
}

/// A random scheduler that goes while its seed fails says so, and how to repeat it by shuttle alone. It does not if it is asked
/// for another run.
impl Drop for Seeded {
    fn drop(&mut self) {
        if let Some(By::Random(by)) = &mut self.by {
            let _ = by.new_execution();
        }
    }
}
