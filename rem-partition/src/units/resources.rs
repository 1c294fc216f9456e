//! [`Resources`]: who reads and writes what, of the units that have not ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Of each resource, which of the units that have not ended read or write it.
///
/// All of them are kept, also those behind which a later writer waits: that one may end first, cancelled or skipped, and then
/// they are waited for again. While it has not ended, to wait for the last writer is to wait for all before it: what it waits
/// for by itself or by others cannot outlive it unless it ends without beginning, and then who waits for it shares its end.
#[derive(Default)]
pub(super) struct Resources(HashMap<Arc<str>, Resource, RandomState>);

#[derive(Default)]
struct Resource {
    writers: BTreeSet<u64>,
    readers: BTreeSet<u64>,
}

impl Resources {
    /// Those that who reads and writes these waits for.
    pub(super) fn before(&self, reads: &[Arc<str>], writes: &[Arc<str>]) -> BTreeSet<u64> {
        let read = reads.iter().filter_map(|name| self.0.get(name));
        let mut before: BTreeSet<u64> = read.filter_map(|it| it.writers.last().copied()).collect();
        for resource in writes.iter().filter_map(|name| self.0.get(name)) {
            let last = resource.writers.last().copied();
            before.extend(last);
            // The last writer waits for those that came before it.
            before.extend(resource.readers.range(last.map_or(0, |last| last + 1)..));
        }
        before
    }

    /// That one reads and writes them; gives the names, to be let go with it.
    pub(super) fn add(
        &mut self,
        number: u64,
        reads: Vec<Arc<str>>,
        writes: Vec<Arc<str>>,
    ) -> Box<[Arc<str>]> {
        for name in &reads {
            self.0.entry(Arc::clone(name)).or_default().readers.insert(number);
        }
        for name in &writes {
            self.0.entry(Arc::clone(name)).or_default().writers.insert(number);
        }
        reads.into_iter().chain(writes).collect()
    }

    /// That one has ended.
    pub(super) fn let_go(&mut self, number: u64, names: &[Arc<str>]) {
        for name in names {
            let Some(resource) = self.0.get_mut(name) else { continue };
            resource.readers.remove(&number);
            resource.writers.remove(&number);
            if resource.readers.is_empty() && resource.writers.is_empty() {
                self.0.remove(name);
            }
        }
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::super::{Admitted, By, Leftover, Limits, Newcomer, Set, Units};
    use super::*;
    use crate::member::{Known, Member};
    use crate::state::State;
    use crate::unit::Declared;
    use crate::watch::Cause;
    use crate::work::Work;

    #[test]
    fn nothing_is_kept_of_what_nobody_uses() {
        let table: Vec<Arc<str>> = vec!["table".into()];
        let mut resources = Resources::default();
        let names = resources.add(1, Vec::new(), table.clone());
        assert!(resources.before(&table, &[]).into_iter().eq([1]));
        let read = resources.add(2, table.clone(), Vec::new());
        assert!(resources.before(&[], &table).into_iter().eq([1, 2]));
        resources.let_go(1, &names);
        assert!(resources.before(&table, &[]).is_empty());
        let both = resources.add(3, table.clone(), table.clone());
        resources.let_go(2, &read);
        assert!(resources.before(&[], &table).into_iter().eq([3]));
        resources.let_go(3, &both);
        assert!(resources.0.is_empty());
    }

    #[test]
    fn those_before_a_writer_are_waited_for_when_it_has_ended_first() {
        let table: Vec<Arc<str>> = vec!["table".into()];
        let mut resources = Resources::default();
        resources.add(1, Vec::new(), table.clone());
        resources.add(2, table.clone(), Vec::new());
        let cancelled = resources.add(3, Vec::new(), table.clone());
        assert!(resources.before(&[], &table).into_iter().eq([3]));
        resources.let_go(3, &cancelled);
        assert!(resources.before(&table, &[]).into_iter().eq([1]));
        assert!(resources.before(&[], &table).into_iter().eq([1, 2]));
    }

    /// What happens to units, in any order: those that it is about are chosen of all for whom it can be.
    #[derive(Debug, Clone)]
    enum Step {
        /// One comes, which waits for others by their places, also for some that are to come, and reads and writes those.
        Come {
            after: Vec<Index>,
            reads: Vec<u8>,
            writes: Vec<u8>,
        },
        Begin,
        Pause(Index),
        Again(Index),
        Return(Index, bool),
        Cancel(Index),
        /// An end that is decided is told, and what follows from it comes.
        Settle(Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let after = prop_oneof![3 => vec(any::<Index>(), 0..1), 2 => vec(any::<Index>(), 1..3)];
        let come = (after, vec(0..3_u8, 0..2), vec(0..3_u8, 0..2));
        let step = prop_oneof![
            6 => come.prop_map(|(after, reads, writes)| Step::Come { after, reads, writes }),
            5 => Just(Step::Begin),
            1 => any::<Index>().prop_map(Step::Pause),
            1 => any::<Index>().prop_map(Step::Again),
            3 => (any::<Index>(), prop::bool::weighted(0.7)).prop_map(|(unit, well)| Step::Return(unit, well)),
            2 => any::<Index>().prop_map(Step::Cancel),
            5 => any::<Index>().prop_map(Step::Settle),
        ];
        vec(step, 1..80)
    }

    /// A unit, and what it reads and writes.
    struct Mine {
        known: Arc<Known>,
        reads: Vec<u8>,
        writes: Vec<u8>,
    }

    impl Mine {
        fn is_in_the_way_of(&self, other: &Self) -> bool {
            let writes_any = |of: &Self, what: &[u8]| of.writes.iter().any(|it| what.contains(it));
            writes_any(self, &other.writes)
                || writes_any(self, &other.reads)
                || writes_any(other, &self.reads)
        }
    }

    /// Units, as a flow has them, with no thread: what threads do beside one another are steps in any order.
    struct Shop {
        units: Units,
        all: Vec<Mine>,
        began: Vec<Arc<Member>>,
        /// Their ends are decided, and not settled.
        claimed: Vec<u64>,
    }

    impl Shop {
        fn new() -> Self {
            let limits = Limits { open: 1_000, held: 1_000, remembered: 4 };
            Self {
                units: Units::new(limits),
                all: Vec::new(),
                began: Vec::new(),
                claimed: Vec::new(),
            }
        }

        fn come(&mut self, after: &[Index], reads: Vec<u8>, writes: Vec<u8>) {
            let place = self.all.len();
            let mut declared = Declared::new(place.to_string().into());
            let after = after.iter().map(|index| index.index(place + 3));
            let after = after.filter(|other| *other != place);
            declared.after = after.map(|place| place.to_string().into()).collect();
            let names = |of: &[u8]| of.iter().map(|it| it.to_string().into()).collect();
            (declared.reads, declared.writes) = (names(&reads), names(&writes));
            let work = Work::Sync(Arc::new(|_| Ok(None)));
            let newcomer = Newcomer { declared, work, cause: Cause::default() };
            let admitted = self.units.step(|units| units.admit(newcomer, &mut Leftover::default()));
            match admitted {
                Ok(Admitted::Ready | Admitted::Waiting) => {}
                Ok(Admitted::Held(member, _)) => {
                    self.units.step(|units| units.told_held(member.number(), None));
                }
                Ok(Admitted::Ended(member)) => self.claimed.push(member.number()),
                Err(_) => return, // it waits for one that was let go, or they would wait for each other
            }
            let known =
                |units: &mut Set| units.find(&place.to_string()).map(|(it, _)| Arc::clone(it));
            let known = self.units.step(known).expect("it has come");
            self.all.push(Mine { known, reads, writes });
        }

        /// One begins; `false` if none is ready.
        fn begin(&mut self) -> Result<bool, TestCaseError> {
            let Some(member) = self.units.step(Set::take) else { return Ok(false) };
            let number = member.number();
            let me = self.all.iter().find(|it| it.known.number == number).expect("it has come");
            for other in self.all.iter().take_while(|it| it.known.number < number) {
                prop_assert!(
                    other.known.state().is_end() || !other.is_in_the_way_of(me),
                    "{} begins while {} is {:?}",
                    me.known.name,
                    other.known.name,
                    other.known.state()
                );
            }
            if !self.began.iter().any(|began| began.number() == number) {
                self.began.push(member);
            }
            Ok(true)
        }

        fn claim(&mut self, number: u64, by: By, end: State) {
            let claimed = self.units.step(|units| units.claim(number, by, end));
            self.claimed.extend(claimed.map(|claimed| claimed.member.number()));
            self.began.retain(|began| !began.known.state().is_end());
        }

        fn settle(&mut self, place: usize) {
            let number = self.claimed.swap_remove(place);
            let settled = self.units.step(|units| units.settle(number, Cause::default()));
            self.claimed.extend(settled.ended.iter().map(|ended| ended.member.number()));
            settled.finish();
        }

        fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
            let began =
                |unit: Index| (!self.began.is_empty()).then(|| Arc::clone(unit.get(&self.began)));
            match step {
                Step::Come { after, reads, writes } => self.come(&after, reads, writes),
                Step::Begin => return self.begin().map(drop),
                Step::Pause(unit) => {
                    let paused = began(unit);
                    paused.map(|unit| self.units.step(|_| Set::pause(&unit)));
                }
                Step::Again(unit) => {
                    let again = began(unit);
                    again.map(|unit| self.units.step(|units| units.again(&unit)));
                }
                Step::Return(unit, well) => {
                    let end = if well { State::Completed } else { State::Failed };
                    if let Some(unit) = began(unit) {
                        self.claim(unit.number(), By::Worker, end);
                    }
                }
                Step::Cancel(_) if self.all.is_empty() => {}
                Step::Cancel(unit) => {
                    self.claim(unit.get(&self.all).known.number, By::Anyone, State::Cancelled);
                }
                Step::Settle(_) if self.claimed.is_empty() => {}
                Step::Settle(unit) => self.settle(unit.index(self.claimed.len())),
            }
            Ok(())
        }

        /// All that can run does; the rest is cancelled, which waits for what never came.
        fn close(&mut self) -> Result<(), TestCaseError> {
            loop {
                while !self.claimed.is_empty() {
                    self.settle(0);
                }
                if self.begin()? {
                    continue;
                }
                if let Some(unit) = self.began.first().map(Arc::clone) {
                    if self.units.step(|units| units.again(&unit)) {
                        continue;
                    }
                    self.claim(unit.number(), By::Worker, State::Completed);
                } else if let Some(open) = self.units.step(|units| units.next_open(0)) {
                    self.claim(open, By::Anyone, State::Cancelled);
                } else {
                    return Ok(());
                }
            }
        }
    }

    /// Its end may be told already, and those behind it have not shared it yet.
    #[test]
    fn who_comes_when_an_end_is_decided_does_not_share_it() {
        for (by, end) in [(By::Worker, State::Failed), (By::Anyone, State::Cancelled)] {
            let mut shop = Shop::new();
            shop.come(&[], Vec::new(), vec![0]);
            assert!(shop.begin().unwrap());
            shop.claim(shop.all[0].known.number, by, end);
            shop.come(&[], Vec::new(), vec![0]);
            shop.settle(0);
            assert!(shop.begin().unwrap(), "behind one that is {end:?}");
            assert_eq!(shop.all[1].known.state(), State::Running);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn none_begins_before_those_that_came_earlier_and_are_in_its_way_have_ended(steps in steps()) {
            let mut shop = Shop::new();
            for step in steps {
                shop.step(step)?;
            }
            shop.close()?;
            shop.units.step(|units| {
                prop_assert_eq!(units.numbers().open, 0);
                prop_assert!(units.resources.0.is_empty());
                Ok(())
            })?;
        }
    }
}
