//! [`Unit`]: work with a name, and what it waits for.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use rem_core::Retry;

use crate::attempt::Attempt;
use crate::work::{Failure, Work, value_of};

/// A unit of work: a name, what it waits for, and the function that does it, which gives a `T`. Cheap to clone.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::Retry;
/// use rem_partition::Unit;
///
/// let load = Unit::new("load").writes("table").run(|_| Ok(vec![1, 2, 3]));
/// let send = Unit::new("send")
///     .after("load")
///     .reads("table")
///     .priority(5)
///     .cost(20)
///     .time_limit(Duration::from_secs(10))
///     .retry(Retry::times(2))
///     .run(|attempt| {
///         let rows = attempt.output_of::<Vec<i32>>("load")?;
///         Ok(rows.len())
///     });
/// assert_eq!((load.name(), send.name()), ("load", "send"));
/// ```
#[must_use = "it is not run until it is added to a plan"]
pub struct Unit<T = ()> {
    pub(crate) declared: Declared,
    pub(crate) work: Work,
    of: PhantomData<fn() -> T>,
}

/// What is said of a unit beside its work.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: Arc<str>,
    pub(crate) after: Vec<Arc<str>>,
    pub(crate) reads: Vec<Arc<str>>,
    pub(crate) writes: Vec<Arc<str>>,
    pub(crate) priority: i32,
    pub(crate) cost: u32,
    pub(crate) terms: Option<Box<Terms>>,
}

/// What few units have: a limit, another try.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    pub(crate) limit: Option<Duration>,
    pub(crate) retry: Option<Retries>,
}

/// When a unit is tried again: by a rule, or, as another process has written it, after these times.
#[derive(Debug, Clone)]
pub(crate) enum Retries {
    By(Retry),
    After(Arc<[Duration]>),
}

impl Retries {
    /// How long to wait before each further attempt.
    pub(crate) fn schedule(&self) -> Box<dyn Iterator<Item = Duration> + Send> {
        match self {
            Self::By(retry) => Box::new(retry.schedule()),
            Self::After(times) => {
                let (times, mut place) = (Arc::clone(times), 0);
                Box::new(std::iter::from_fn(move || {
                    place += 1;
                    times.get(place - 1).copied()
                }))
            }
        }
    }
}

impl Declared {
    pub(crate) fn new(name: Arc<str>) -> Self {
        let (after, reads, writes) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, after, reads, writes, priority: 0, cost: 1, terms: None }
    }

    pub(crate) fn terms(&mut self) -> &mut Terms {
        self.terms.get_or_insert_default()
    }
}

impl Unit {
    /// One with that name, by which others wait for it: any text, once in a plan.
    #[expect(clippy::new_ret_no_self, reason = "it is a unit when it has its work")]
    pub fn new(name: impl Into<UnitName>) -> UnitBuilder {
        UnitBuilder(Declared::new(name.into().0))
    }
}

impl<T> Unit<T> {
    pub(crate) fn of(declared: Declared, work: Work) -> Self {
        Self { declared, work, of: PhantomData }
    }

    pub(crate) fn into_parts(self) -> (Declared, Work) {
        (self.declared, self.work)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.declared.name
    }

    /// How others name it, with the type of what it gives.
    pub fn reference(&self) -> UnitRef<T> {
        UnitRef { name: Arc::clone(&self.declared.name), of: PhantomData }
    }
}

impl<T> Clone for Unit<T> {
    fn clone(&self) -> Self {
        Self::of(self.declared.clone(), self.work.clone())
    }
}

impl<T> fmt::Debug for Unit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Declared { name, after, reads, writes, .. } = &self.declared;
        f.debug_struct("Unit")
            .field("name", name)
            .field("after", after)
            .field("reads", reads)
            .field("writes", writes)
            .finish_non_exhaustive()
    }
}

/// A unit in the making, which has no work yet: see [`Unit::new`].
#[derive(Debug, Clone)]
#[must_use = "it is no unit before it has its work, by `run` or `run_async`"]
pub struct UnitBuilder(Declared);

impl UnitBuilder {
    pub(crate) fn into_declared(self) -> Declared {
        self.0
    }

    /// Waits for that unit: begins when it has completed, and is skipped if it does not. It may be declared before or after
    /// this one; named twice it counts once.
    pub fn after(mut self, unit: impl Into<UnitName>) -> Self {
        self.0.after.push(unit.into().0);
        self
    }

    /// Waits for all of those.
    pub fn after_all<N: Into<UnitName>>(mut self, units: impl IntoIterator<Item = N>) -> Self {
        self.0.after.extend(units.into_iter().map(|unit| unit.into().0));
        self
    }

    /// Reads what has that name: waits for the last unit declared before this one that writes it. The name is of no file, but
    /// of whatever units agree on.
    pub fn reads(mut self, resource: impl AsRef<str>) -> Self {
        self.0.reads.push(resource.as_ref().into());
        self
    }

    /// Writes what has that name: waits for all units declared before this one that read it since it was written last, and for
    /// the one that wrote it.
    pub fn writes(mut self, resource: impl AsRef<str>) -> Self {
        self.0.writes.push(resource.as_ref().into());
        self
    }

    /// Of units that are ready and stand before equally long work, the one with the higher priority begins first; 0 unless
    /// told. In an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner), which cannot know what work will come, priority
    /// alone counts.
    pub fn priority(mut self, priority: i32) -> Self {
        self.0.priority = priority;
        self
    }

    /// How long it will take, as an estimate, in any measure that the units of a plan share (microseconds, say); 1 unless told,
    /// and 1 for 0. Those begin first behind which the longest work stands.
    pub fn cost(mut self, cost: u32) -> Self {
        self.0.cost = cost.max(1);
        self
    }

    /// How long one attempt may take, by the clock of the run: see [`Attempt::is_stopped`]. What follows is that of a failure.
    ///
    /// An async unit is dropped where it waits. Work that does not wait cannot be stopped from outside: when its limit comes
    /// it has failed, those behind it are skipped at once, what it still gives is thrown away; but its worker is occupied
    /// until it returns, and it should look at [`Attempt::is_stopped`] now and then. If it is to be tried again, that begins
    /// when it has returned.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.0.terms().limit = Some(limit);
        self
    }

    /// Tries again, if it fails, panics or passes its time limit. Its worker does others meanwhile.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.terms().retry = Some(Retries::By(retry));
        self
    }

    /// Its work. Any error can be passed on with `?`; a panic is a failure as well. It is called once for each attempt.
    ///
    /// ```
    /// use rem_partition::Unit;
    ///
    /// let lines = Unit::new("lines").run(|_| Ok(std::fs::read_to_string("Cargo.toml")?.lines().count()));
    /// let never = Unit::new("never").run(|_| Err::<(), _>("the moon is not full".into()));
    /// # let _ = (lines, never);
    /// ```
    pub fn run<T, F>(self, work: F) -> Unit<T>
    where
        T: Send + Sync + 'static,
        F: Fn(&Attempt) -> Result<T, Failure> + Send + Sync + 'static,
    {
        let work = move |attempt: &Attempt| work(attempt).map(value_of);
        Unit::of(self.0, Work::Sync(Arc::new(work)))
    }

    /// The same by an async function. On a runtime it leaves its thread to others while it waits, and still counts as one of
    /// the workers; on a pool of rayon its thread waits with it.
    ///
    /// ```
    /// use rem_partition::Unit;
    ///
    /// let unit = Unit::new("ask").run_async(|attempt| async move { Ok(attempt.number()) });
    /// # let _ = unit;
    /// ```
    pub fn run_async<T, F, R>(self, work: F) -> Unit<T>
    where
        T: Send + Sync + 'static,
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let work = move |attempt: Attempt| {
            let future = work(attempt);
            Box::pin(async move { future.await.map(value_of) }) as _
        };
        Unit::of(self.0, Work::Async(Arc::new(work)))
    }
}

/// A unit by its name, with the type of what it gives: to wait for it, and to have its output.
pub struct UnitRef<T> {
    name: Arc<str>,
    of: PhantomData<fn() -> T>,
}

impl<T> UnitRef<T> {
    /// That of a unit which is declared elsewhere. If its output is of another type, asking for it is an error.
    pub fn new(name: impl Into<UnitName>) -> Self {
        Self { name: name.into().0, of: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<T> Clone for UnitRef<T> {
    fn clone(&self) -> Self {
        Self { name: Arc::clone(&self.name), of: PhantomData }
    }
}

impl<T> fmt::Debug for UnitRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnitRef").field(&self.name).finish()
    }
}

/// The name of a unit: made of text, or of a [`UnitRef`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitName(pub(crate) Arc<str>);

impl From<&str> for UnitName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<&String> for UnitName {
    fn from(name: &String) -> Self {
        Self(name.as_str().into())
    }
}

impl From<String> for UnitName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<Arc<str>> for UnitName {
    fn from(name: Arc<str>) -> Self {
        Self(name)
    }
}

impl<T> From<UnitRef<T>> for UnitName {
    fn from(unit: UnitRef<T>) -> Self {
        Self(unit.name)
    }
}

impl<T> From<&UnitRef<T>> for UnitName {
    fn from(unit: &UnitRef<T>) -> Self {
        Self(Arc::clone(&unit.name))
    }
}
