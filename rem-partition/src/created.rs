//! [`TaskCreated`], [`LocalTask`]: units that come as events.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use rem_core::__private::isolate;
use rem_macros::EventType;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::CallError;
use crate::unit::{Declared, Retries, Terms, Unit, UnitBuilder, UnitName};
use crate::work::Work;

/// How often an event says that a unit is tried again, at the most.
const RETRIES: usize = 1_000;

/// `task.created`: a unit is to be run, by a function that an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner) knows by
/// its name. Made by [`UnitBuilder::call`]; other programs write it as the JSON that is shown here, where all but `unit` and
/// `call` may be left out.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::Retry;
/// use rem_partition::Unit;
///
/// let task = Unit::new("thumb 7")
///     .after("load")
///     .reads("disk")
///     .priority(5)
///     .time_limit(Duration::from_secs(10))
///     .retry(Retry::times(2).jitter(false))
///     .call("resize", &("7.png", 64))?;
/// assert_eq!(
///     serde_json::to_string(&task)?,
///     r#"{"unit":"thumb 7","call":"resize","arguments":["7.png",64],"after":["load"],"reads":["disk"],"writes":[],"#.to_owned()
///         + r#""priority":5,"time_limit_ms":10000,"retry_after_ms":[100,200]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "task", name = "created")]
pub struct TaskCreated {
    /// Its name, by which others wait for it.
    unit: String,
    /// The name of the function.
    call: String,
    /// What that is given.
    #[serde(default)]
    arguments: Json,
    /// The names of the units that it waits for.
    #[serde(default)]
    after: Vec<String>,
    /// What it reads.
    #[serde(default)]
    reads: Vec<String>,
    /// What it writes.
    #[serde(default)]
    writes: Vec<String>,
    /// Of units that are ready, that of the highest begins first.
    #[serde(default)]
    priority: i32,
    /// How long an attempt may take, in milliseconds.
    #[serde(default)]
    time_limit_ms: Option<u64>,
    /// How long to wait before each further attempt, in milliseconds.
    #[serde(default)]
    retry_after_ms: Vec<u64>,
}

impl TaskCreated {
    /// The name of the unit.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The function that it calls.
    pub fn function(&self) -> &str {
        &self.call
    }

    /// What the function is given.
    pub fn arguments(&self) -> &Json {
        &self.arguments
    }

    /// The names of the units that it waits for.
    pub fn after(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.after.iter().map(String::as_str)
    }

    pub(crate) fn declared(&self) -> Declared {
        let mut declared = Declared::new(self.unit.as_str().into());
        let shared = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
        declared.after = shared(&self.after);
        declared.reads = shared(&self.reads);
        declared.writes = shared(&self.writes);
        declared.priority = self.priority;
        let limit = self.time_limit_ms.map(Duration::from_millis);
        let times = self.retry_after_ms.iter().copied().map(Duration::from_millis);
        let retry = (times.len() > 0).then(|| Retries::After(times.collect()));
        if limit.is_some() || retry.is_some() {
            declared.terms = Some(Box::new(Terms { limit, retry }));
        }
        declared
    }
}

impl UnitBuilder {
    /// Its work is that of a function which an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner) knows by that name, in
    /// this process or another: the event to be published.
    ///
    /// Times are told in milliseconds, rounded up, and the times between attempts are drawn now. Its
    /// [`cost`](Self::cost) is not told, for it counts in plans alone.
    ///
    /// # Errors
    /// If the arguments cannot be written as JSON; if it is to be tried again more than 1,000 times.
    pub fn call<A: Serialize + ?Sized>(
        self,
        function: impl Into<UnitName>,
        arguments: &A,
    ) -> Result<TaskCreated, CallError> {
        let Declared { name, after, reads, writes, priority, cost: _, terms } =
            self.into_declared();
        let arguments =
            serde_json::to_value(arguments).map_err(|error| CallError::arguments(&name, error))?;
        let Terms { limit, retry } = terms.map(|terms| *terms).unwrap_or_default();
        let times = retry.iter().flat_map(Retries::schedule).take(RETRIES + 1).map(millis);
        let retry_after_ms: Vec<_> = times.collect();
        if retry_after_ms.len() > RETRIES {
            return Err(CallError::retries(&name, RETRIES));
        }
        Ok(TaskCreated {
            unit: name.to_string(),
            call: function.into().0.to_string(),
            arguments,
            after: owned(&after),
            reads: owned(&reads),
            writes: owned(&writes),
            priority,
            time_limit_ms: limit.map(millis),
            retry_after_ms,
        })
    }
}

fn owned(names: &[Arc<str>]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Rounded up, so that what is not nothing is not made nothing.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// `task.created.local`: a unit with its work, to be run by an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner) of this
/// process. It never leaves the process, for its work is a closure, which cannot be written. A bus with a history keeps it there, with
/// what the closure holds.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::Bus;
/// use rem_partition::{EventDrivenPartitioner, LocalTask, Unit, Workers};
///
/// let bus = Bus::new();
/// let partitioner = EventDrivenPartitioner::builder(&bus, &Workers::rayon(2)?).attach()?;
/// let table = vec![1, 2, 3];
/// let sum = Unit::new("sum").run(move |_| Ok(table.iter().sum::<i32>()));
/// let reference = sum.reference();
/// bus.publish(LocalTask::new(sum))?;
///
/// partitioner.settled_within(Duration::from_secs(5))?;
/// assert_eq!(*partitioner.output(&reference)?, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(EventType, Clone)]
#[event(crate = rem_core, namespace = "task.created", name = "local", local)]
pub struct LocalTask {
    pub(crate) declared: Declared,
    pub(crate) work: Work,
}

impl LocalTask {
    /// That unit, as an event. Whoever wants its output asks for its [reference](Unit::reference) first.
    pub fn new<T>(unit: Unit<T>) -> Self {
        let (declared, work) = unit.into_parts();
        Self { declared, work }
    }

    /// The name of the unit.
    pub fn unit(&self) -> &str {
        &self.declared.name
    }
}

impl<T> From<Unit<T>> for LocalTask {
    fn from(unit: Unit<T>) -> Self {
        Self::new(unit)
    }
}

/// Who publishes it may be the last to let go of the work, when its unit has ended already: should that panic as it goes, the publish
/// is not harmed.
impl Drop for LocalTask {
    fn drop(&mut self) {
        let work = mem::replace(&mut self.work, Work::none());
        let _ = isolate(|| drop(work));
    }
}

impl fmt::Debug for LocalTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTask")
            .field("unit", &self.declared.name)
            .field("after", &self.declared.after)
            .finish_non_exhaustive()
    }
}
