//! What a program consists of, by its seed.

use std::time::Duration;

use rem_core::{Key, Ordering, Overflow};

/// What a seed chooses.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) publishers: u64,
    /// How many events each publishes.
    pub(super) each: u64,
    pub(super) ordering: Ordering,
    /// How many events the history keeps.
    pub(super) kept: usize,
    /// The handler that has all panics with every so many events of a publisher.
    pub(super) panics: Option<u64>,
    /// Whether a handler publishes what follows.
    pub(super) causes: bool,
    /// Room and what happens when it is full.
    pub(super) queue: Option<(usize, Full)>,
    /// Of a task: how many calls at a time, and whether each event fails at first.
    pub(super) task: Option<(usize, bool)>,
    /// How often somebody subscribes, listens for a moment and goes.
    pub(super) comes_and_goes: u64,
    /// How many streams are dropped with what waits in them.
    pub(super) dropped_streams: u64,
    /// How often a child bus is opened, used and closed.
    pub(super) children: u64,
    /// By how many seconds the clock jumps, backwards too.
    pub(super) jumps: Vec<i64>,
    /// Whether the bus is closed while publishers are at it.
    pub(super) closed_early: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Blocks,
    Refuses,
    DropsOldest,
    DropsNewest,
    Conflates,
}

impl Full {
    pub(super) fn overflow(self) -> Overflow {
        match self {
            Self::Blocks => Overflow::Block(crate::LONG),
            Self::Refuses => Overflow::Reject,
            Self::DropsOldest => Overflow::DropOldest,
            Self::DropsNewest => Overflow::DropNewest,
            Self::Conflates => Overflow::Conflate(Key::topic()),
        }
    }
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let full =
            [Full::Blocks, Full::Refuses, Full::DropsOldest, Full::DropsNewest, Full::Conflates];
        let total = chance.one_in(4);
        Self {
            publishers: 1 + chance.below(3),
            each: 1 + chance.below(3),
            ordering: if total { Ordering::Total } else { Ordering::default() },
            kept: 1 + chance.index(8),
            panics: chance.one_in(2).then(|| 1 + chance.below(3)),
            causes: chance.one_in(2),
            queue: (!chance.one_in(3)).then(|| (1 + chance.index(3), full[chance.index(5)])),
            task: chance.one_in(2).then(|| (1 + chance.index(2), chance.one_in(2))),
            comes_and_goes: chance.below(3),
            dropped_streams: chance.below(2),
            children: chance.below(2),
            jumps: (0..chance.below(4)).map(|_| chance.jump()).collect(),
            closed_early: chance.one_in(5),
        }
    }
}

/// Further than any retry waits.
pub(super) const FAR: Duration = Duration::from_secs(100_000);

/// Numbers by a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn index(&mut self, limit: u64) -> usize {
        usize::try_from(self.below(limit)).expect("a small number")
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn jump(&mut self) -> i64 {
        i64::try_from(self.below(4_000)).expect("a small number") - 1_000
    }
}

/// Seeds choose all there is, so that a campaign comes to it.
#[test]
fn seeds_differ_and_choose_everything() {
    let plans: Vec<_> = (0..200).map(Plan::of).collect();
    assert_eq!(format!("{:?}", Plan::of(7)), format!("{:?}", plans[7]));
    for full in [Full::Blocks, Full::Refuses, Full::DropsOldest, Full::DropsNewest, Full::Conflates]
    {
        assert!(plans.iter().any(|plan| plan.queue.is_some_and(|(_, found)| found == full)));
    }
    let count = |has: fn(&Plan) -> bool| plans.iter().filter(|plan| has(plan)).count();
    for (found, what) in [
        (count(|plan| plan.ordering == Ordering::Total), "one order for all"),
        (count(|plan| plan.panics.is_some()), "panics"),
        (count(|plan| plan.causes && plan.publishers > 1), "effects beside publishers"),
        (count(|plan| plan.task.is_some_and(|(_, fails)| fails)), "retries"),
        (count(|plan| plan.children > 0), "children"),
        (count(|plan| plan.jumps.iter().any(|seconds| *seconds < 0)), "jumps back"),
        (count(|plan| plan.closed_early), "a close beside publishers"),
    ] {
        assert!(found > 10, "{what}: {found}");
    }
}
