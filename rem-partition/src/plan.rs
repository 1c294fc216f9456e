//! [`Plan`]: units that have been checked, with the order in which they begin.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use crate::error::{PlanError, PlanErrorKind, RunError};
use crate::graph::Graph;
use crate::report::Report;
use crate::run::Runner;
use crate::unit::{Declared, Terms, Unit, UnitRef};
use crate::work::Work;
use crate::workers::Workers;

/// Units of work with what they wait for, checked: to be run as often as one likes. Clones share it.
///
/// A unit begins as soon as all that it waits for has completed and a worker is free. Of several that are ready, that one begins
/// first behind which the longest work stands: the sum of the [costs](crate::UnitBuilder::cost) along the longest way that
/// begins with it. Then the one with the higher [priority](crate::UnitBuilder::priority), then the one that was named first.
///
/// ```
/// use rem_partition::{Plan, Unit, Workers};
///
/// let mut units = Plan::builder();
/// let numbers = units.add(Unit::new("numbers").run(|_| Ok(vec![1, 2, 3])));
/// let sum = units.add(Unit::new("sum").after(&numbers).run({
///     let numbers = numbers.clone();
///     move |attempt| Ok(attempt.output(&numbers)?.iter().sum::<i32>())
/// }));
/// units.add(Unit::new("log").after("sum").run(|_| Ok(())));
/// let plan = units.build()?;
///
/// let report = plan.run(&Workers::rayon(2)?)?;
/// assert_eq!(*report.output(&sum)?, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Plan(pub(crate) Arc<Frozen>);

/// What a plan consists of, by the numbers of units.
pub(crate) struct Frozen {
    pub(crate) names: Names,
    pub(crate) work: Box<[Work]>,
    pub(crate) terms: Box<[Option<Box<Terms>>]>,
    pub(crate) costs: Box<[u32]>,
    pub(crate) graph: Graph,
    /// The units in the order in which they begin, if all are ready; each behind what it waits for, for what it waits for has
    /// longer work behind it.
    pub(crate) units: Box<[u32]>,
    /// The place of each unit there.
    pub(crate) ranks: Box<[u32]>,
}

pub(crate) type Names = IndexSet<Arc<str>, RandomState>;

impl Plan {
    /// To add units to.
    pub fn builder() -> PlanBuilder {
        PlanBuilder::new()
    }

    /// Runs it, and waits for its end.
    ///
    /// # Errors
    /// If not all units completed: with the report.
    pub fn run(&self, workers: &Workers) -> Result<Report, RunError> {
        self.runner(workers).run()
    }

    /// To run it in another way: watched on a bus, by another clock, without waiting.
    pub fn runner(&self, workers: &Workers) -> Runner {
        Runner::new(self, workers)
    }

    /// How many units it has.
    pub fn len(&self) -> usize {
        self.0.work.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.work.is_empty()
    }

    /// How many dependencies there are, each pair of units once.
    pub fn dependencies(&self) -> usize {
        self.0.graph.edges()
    }

    /// The names of the units, in the order in which they would begin on one worker that had to do all.
    pub fn order(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.0.units.iter().map(|unit| &**self.0.name(*unit))
    }

    /// The longest way through it, by cost, in the order in which it is gone; empty if there are no units.
    pub fn critical_path(&self) -> Vec<&str> {
        self.0.critical().into_iter().map(|unit| &**self.0.name(unit)).collect()
    }

    /// The cost of the longest way through it.
    pub fn critical_cost(&self) -> u64 {
        self.0.critical().into_iter().map(|unit| u64::from(self.0.costs[unit as usize])).sum()
    }

    /// The cost of all units.
    pub fn total_cost(&self) -> u64 {
        self.0.costs.iter().copied().map(u64::from).sum()
    }
}

impl Frozen {
    pub(crate) fn name(&self, unit: u32) -> &Arc<str> {
        &self.names[unit as usize]
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.names.get_index_of(name).and_then(|unit| u32::try_from(unit).ok())
    }

    /// The longest way: from the unit with the longest work behind it, each time to the one behind it that begins first.
    pub(crate) fn critical(&self) -> Vec<u32> {
        let mut way: Vec<u32> = self.units.first().copied().into_iter().collect();
        while let Some(unit) = way.last() {
            let behind = self.graph.onward(*unit).iter();
            let Some(next) = behind.min_by_key(|next| self.ranks[**next as usize]) else { break };
            way.push(*next);
        }
        way
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("units", &self.len())
            .field("dependencies", &self.dependencies())
            .finish_non_exhaustive()
    }
}

/// Units on their way to a [`Plan`].
#[derive(Debug)]
pub struct PlanBuilder {
    /// Of all units that were added or waited for.
    names: Names,
    work: Vec<Option<Work>>,
    terms: Vec<Option<Box<Terms>>>,
    costs: Vec<u32>,
    priorities: Vec<i32>,
    edges: Vec<(u32, u32)>,
    resources: HashMap<Arc<str>, Resource, RandomState>,
    mistakes: PlanError,
}

/// Who wrote a resource last, and who has read it since.
#[derive(Debug, Default)]
struct Resource {
    writer: Option<u32>,
    readers: Vec<u32>,
}

impl PlanBuilder {
    fn new() -> Self {
        Self {
            names: Names::default(),
            work: Vec::new(),
            terms: Vec::new(),
            costs: Vec::new(),
            priorities: Vec::new(),
            edges: Vec::new(),
            resources: HashMap::default(),
            mistakes: PlanError::none(),
        }
    }

    /// Adds a unit, and says how others name it. What is wrong with it is told by [`build`](Self::build).
    pub fn add<T>(&mut self, unit: Unit<T>) -> UnitRef<T> {
        let reference = unit.reference();
        let Unit { declared, work, .. } = unit;
        let Declared { name, after, reads, writes, priority, cost, terms } = declared;
        let Some(number) = self.number(Arc::clone(&name)) else { return reference };
        let place = number as usize;
        if self.work[place].is_some() {
            self.mistakes.add(PlanErrorKind::Duplicate, [name]);
            return reference;
        }
        self.work[place] = Some(work);
        self.terms[place] = terms;
        (self.costs[place], self.priorities[place]) = (cost, priority);
        for dependency in after {
            match self.number(dependency) {
                Some(same) if same == number => {
                    self.mistakes.add(PlanErrorKind::Itself, [Arc::clone(&name)]);
                }
                Some(before) => self.edges.push((before, number)),
                None => {}
            }
        }
        for resource in reads {
            self.reads(number, resource);
        }
        for resource in writes {
            self.writes(number, resource);
        }
        reference
    }

    fn reads(&mut self, unit: u32, resource: Arc<str>) {
        let resource = self.resources.entry(resource).or_default();
        if let Some(writer) = resource.writer {
            self.edges.push((writer, unit));
        }
        resource.readers.push(unit);
    }

    fn writes(&mut self, unit: u32, resource: Arc<str>) {
        let resource = self.resources.entry(resource).or_default();
        let readers = resource.readers.drain(..).filter(|reader| *reader != unit);
        let before = resource.writer.filter(|writer| *writer != unit).into_iter().chain(readers);
        self.edges.extend(before.map(|before| (before, unit)));
        resource.writer = Some(unit);
    }

    /// The number of a name, which may be new.
    fn number(&mut self, name: Arc<str>) -> Option<u32> {
        let (number, is_new) = self.names.insert_full(name);
        // The last number is nobody's, so that it can stand for none.
        let number = u32::try_from(number).ok().filter(|number| *number != u32::MAX);
        if number.is_none() {
            self.mistakes.add(PlanErrorKind::TooMany, []);
        } else if is_new {
            self.work.push(None);
            self.terms.push(None);
            self.costs.push(1);
            self.priorities.push(0);
        }
        number
    }

    /// Checks them: every name once, every dependency there, nobody waiting for itself, no cycle.
    ///
    /// It takes time and memory in proportion to units and dependencies, and sorts both.
    ///
    /// # Errors
    /// With all that is wrong; a cycle, of which there may be several, is looked for when nothing else is.
    pub fn build(self) -> Result<Plan, PlanError> {
        let Self { mut names, work, terms, costs, priorities, edges, resources, mut mistakes } =
            self;
        drop(resources);
        let name = |unit: u32| Arc::clone(&names[unit as usize]);
        if u32::try_from(edges.len()).is_err() {
            mistakes.add(PlanErrorKind::TooMany, []);
        }
        if work.iter().any(Option::is_none) {
            for (before, unit) in &edges {
                if work[*before as usize].is_none() {
                    mistakes.add(PlanErrorKind::Unknown, [name(*unit), name(*before)]);
                }
            }
        }
        if !mistakes.is_none() {
            return Err(mistakes);
        }
        let work: Box<[Work]> = work.into_iter().flatten().collect();
        let count = u32::try_from(work.len()).unwrap_or(u32::MAX);
        let graph = Graph::new(count, edges);
        let order = match graph.order() {
            Ok(order) => order,
            Err(cycle) => {
                mistakes.add(PlanErrorKind::Cycle, cycle.into_iter().map(name));
                return Err(mistakes);
            }
        };
        let (units, ranks) = ranked(&graph, order, &costs, &priorities);
        names.shrink_to_fit();
        let (terms, costs) = (terms.into_boxed_slice(), costs.into_boxed_slice());
        Ok(Plan(Arc::new(Frozen { names, work, terms, costs, graph, units, ranks })))
    }
}

/// The units in the order in which they begin, and the place of each.
fn ranked(
    graph: &Graph,
    mut units: Vec<u32>,
    costs: &[u32],
    priorities: &[i32],
) -> (Box<[u32]>, Box<[u32]>) {
    let mut longest = vec![0_u64; costs.len()];
    for unit in units.iter().rev() {
        let behind = graph.onward(*unit).iter().map(|next| longest[*next as usize]).max();
        longest[*unit as usize] = u64::from(costs[*unit as usize]) + behind.unwrap_or(0);
    }
    units.sort_unstable_by_key(|unit| {
        let place = *unit as usize;
        (Reverse(longest[place]), Reverse(priorities[place]), *unit)
    });
    let mut ranks = vec![0; units.len()].into_boxed_slice();
    for (rank, unit) in (0_u32..).zip(&units) {
        ranks[*unit as usize] = rank;
    }
    (units.into(), ranks)
}
