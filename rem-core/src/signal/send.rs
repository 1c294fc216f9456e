//! Sends in the thread of the sender: [`Signal::send`], [`Signal::emit`], [`Signal::send_until`].

use std::hash::Hash;
use std::iter;
use std::ops::ControlFlow;
use std::ptr;

use super::depth::Depth;
use super::error::{Panicked, SendError, SendErrorKind};
use super::keep::{Collected, Keep};
use super::plan::{Entry, Merged};
use super::receiver::ReceiverId;
use super::results::{Panics, Results, Sent, Values};
use super::state::Inner;
use super::{By, Signal};
use crate::deliver::isolate;

impl<T, R, S> Signal<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// Calls every receiver that hears any sender, in their order, in this thread, and gives what each returned.
    ///
    /// Who is called is settled when it begins: a receiver that is connected meanwhile waits for the next send, one that is
    /// disconnected before its turn is not called. One that panics is in the results with its panic, and the others are
    /// called.
    ///
    /// A receiver may connect, disconnect, mute and send, this signal too: what it sends is handed over at once, before the
    /// rest of the receivers have the value that is being sent.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let asked: Signal<str, usize> = Signal::new();
    /// let _length = asked.connect(|text| text.len());
    /// let _words = asked.connect(|text| text.split(' ').count());
    /// assert_eq!(asked.send("to be or not")?.into_values().collect::<Vec<_>>(), [12, 4]);
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    ///
    /// # Errors
    /// When a receiver is async, or sends stand in one another deeper than the signal's
    /// [`depth`](super::SignalBuilder::depth): then nobody has been called.
    ///
    /// # Cost
    /// No lock, and one allocation for the results of several receivers: about what calling the closures of a
    /// `Vec<Box<dyn Fn>>` and collecting what they return takes. The first send after a change of the receivers takes time for
    /// each of them.
    ///
    /// Where all receivers were [detached](super::Connection::detach) it takes some nanoseconds less, for then nobody can
    /// end while it calls them; not where one was detached behind others that it is to be called before.
    #[inline]
    pub fn send(&self, value: &T) -> Result<Results<R>, SendError> {
        self.0.collect(None, value)
    }

    /// The same for whoever needs no results: they are dropped one by one, and nothing is allocated.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    #[inline]
    pub fn emit(&self, value: &T) -> Result<Sent, SendError> {
        self.0.emit(None, value)
    }

    /// The same, handing each result on as it comes, until one is enough: later receivers are not called then.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use rem_core::signal::Signal;
    ///
    /// let who_knows: Signal<str, Option<u32>> = Signal::new();
    /// let _port = who_knows.connect(|name| (name == "https").then_some(443));
    /// let _other = who_knows.connect(|_| Some(0));
    /// let found = who_knows.send_until("https", |_, answer| match answer {
    ///     Ok(Some(port)) => ControlFlow::Break(port),
    ///     _ => ControlFlow::Continue(()),
    /// })?;
    /// assert_eq!(found, Some(443));
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn send_until<B>(
        &self,
        value: &T,
        enough: impl FnMut(ReceiverId, Result<R, Panicked>) -> ControlFlow<B>,
    ) -> Result<Option<B>, SendError> {
        self.0.send_until(None, value, enough)
    }

    /// The signal as one sender sends it: to those who are connected to a sender equal to this one, and to those who hear
    /// any.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32, (), &str> = Signal::new();
    /// let _one = saved.connect_to("shop", |order| println!("the shop has saved {order}"));
    /// assert_eq!(saved.by(&"shop").emit(&1)?.delivered(), 1);
    /// assert_eq!(saved.by(&"stock").emit(&1)?.delivered(), 0);
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    pub fn by<'a>(&'a self, sender: &'a S) -> By<'a, T, R, S> {
        By { signal: self, sender }
    }
}

/// A walk over receivers that goes on behind where a panic has left it: it is noted only there, and costs the way nothing.
struct Walk<'w, 'a, I: Clone, T: ?Sized, R, S> {
    calls: I,
    last: Option<&'a Entry<T, R, S>>,
    left: &'w mut Left<'a, I, T, R, S>,
}

struct Left<'a, I, T: ?Sized, R, S> {
    calls: I,
    last: Option<&'a Entry<T, R, S>>,
    /// How many were not called.
    passed: usize,
}

impl<I: Clone, T: ?Sized, R, S> Drop for Walk<'_, '_, I, T, R, S> {
    #[inline]
    fn drop(&mut self) {
        self.left.calls = self.calls.clone();
        self.left.last = self.last;
    }
}

impl<T, R, S> Inner<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    #[inline]
    pub(super) fn collect(&self, sender: Option<&S>, value: &T) -> Result<Results<R>, SendError> {
        match self.lasting.alone() {
            Some(entries) if sender.is_none() => match entries.slice() {
                [entry] => self.collect_one(entry, value),
                [] => self.collect_all(entries, value),
                some => self.collect_all(some.iter(), value),
            },
            _ => self.collect_of_plan(sender, value),
        }
    }

    /// Whose receivers may end. Apart, as all that follow are: each has to be small to be quick.
    #[inline(never)]
    fn collect_of_plan(&self, sender: Option<&S>, value: &T) -> Result<Results<R>, SendError> {
        let plan = self.plan.load();
        if sender.is_none() && plan.plain {
            return match &plan.any.entries[..] {
                [] => Ok(Results::default()),
                [entry] => self.collect_one(entry, value),
                entries => self.collect_all(entries.iter(), value),
            };
        }
        drop(plan);
        let mut all = Collected { values: Vec::new(), panics: Panics::default() };
        self.send_to_some(sender, value, &mut all)?;
        Ok(Results { values: Values::Some(all.values), panics: all.panics })
    }

    #[inline(never)]
    fn collect_all<'a, I>(&self, calls: I, value: &T) -> Result<Results<R>, SendError>
    where
        I: Iterator<Item = &'a Entry<T, R, S>> + Clone,
    {
        let mut all = Collected { values: Vec::new(), panics: Panics::default() };
        self.call(calls, None, value, &mut all)?;
        Ok(Results { values: Values::Some(all.values), panics: all.panics })
    }

    /// Calls a receiver that is the only one: what it returns comes as it is, and passes through no list.
    #[inline]
    fn collect_one(&self, entry: &Entry<T, R, S>, value: &T) -> Result<Results<R>, SendError> {
        let Some(_depth) = self.enter()? else { return Ok(Results::default()) };
        let mut results = Results::default();
        match isolate(|| entry.receiver.call(None, value)) {
            Ok(Some(value)) => {
                let (values, panics) = (Values::One((entry.key.id, value)), Panics::default());
                return Ok(Results { values, panics });
            }
            Ok(None) => self.remove_gone(),
            Err(panic) => results.panics.push(0, entry.key.id, panicked(entry, panic)),
        }
        Ok(results)
    }

    #[inline]
    pub(super) fn emit(&self, sender: Option<&S>, value: &T) -> Result<Sent, SendError> {
        match self.lasting.alone() {
            Some(entries) if sender.is_none() => match entries.slice() {
                [entry] => self.emit_one(entry, value),
                [] => self.emit_all(entries, value),
                some => self.emit_all(some.iter(), value),
            },
            _ => self.emit_of_plan(sender, value),
        }
    }

    #[inline(never)]
    fn emit_of_plan(&self, sender: Option<&S>, value: &T) -> Result<Sent, SendError> {
        let plan = self.plan.load();
        if sender.is_none() && plan.plain {
            return match &plan.any.entries[..] {
                [] => Ok(Sent::default()),
                [entry] => self.emit_one(entry, value),
                entries => self.emit_all(entries.iter(), value),
            };
        }
        drop(plan);
        let mut panics = Panics::default();
        let delivered = self.send_to_some(sender, value, &mut panics)?;
        Ok(Sent::new(delivered, panics))
    }

    #[inline(never)]
    fn emit_all<'a, I>(&self, calls: I, value: &T) -> Result<Sent, SendError>
    where
        I: Iterator<Item = &'a Entry<T, R, S>> + Clone,
    {
        let mut panics = Panics::default();
        let delivered = self.call(calls, None, value, &mut panics)?;
        Ok(Sent::new(delivered, panics))
    }

    #[inline]
    fn emit_one(&self, entry: &Entry<T, R, S>, value: &T) -> Result<Sent, SendError> {
        let Some(_depth) = self.enter()? else { return Ok(Sent::default()) };
        match isolate(|| entry.receiver.call(None, value).map(drop)) {
            Ok(Some(())) => Ok(Sent::new(1, Panics::default())),
            Ok(None) => {
                self.remove_gone();
                Ok(Sent::default())
            }
            Err(panic) => Ok(one_panicked(entry, panic)),
        }
    }

    /// By a sender, or after a change, or where somebody is async. Says how many have returned, if `keep` cares.
    fn send_to_some(
        &self,
        sender: Option<&S>,
        value: &T,
        keep: &mut impl Keep<R>,
    ) -> Result<usize, SendError> {
        let fresh = self.fresh();
        let plan = fresh.plan();
        let others = match sender {
            Some(sender) => isolate(|| plan.by(sender)).map_err(|panic| self.no_sender(panic))?,
            None => None,
        };
        if let Some(place) = plan.any.is_async.or_else(|| others?.is_async) {
            return Err(self.error(SendErrorKind::Async { place }));
        }
        self.call(Merged::new(&plan.any, others), sender, value, keep)
    }

    /// Calls them, one after another.
    ///
    /// All of them are isolated at once, and after a panic it goes on behind the one that panicked: isolating each costs as
    /// much as calling it.
    #[inline]
    fn call<'a, I>(
        &self,
        calls: I,
        sender: Option<&S>,
        value: &T,
        keep: &mut impl Keep<R>,
    ) -> Result<usize, SendError>
    where
        I: Iterator<Item = &'a Entry<T, R, S>> + Clone,
    {
        let Some(_depth) = self.enter()? else { return Ok(0) };
        keep.expect(calls.size_hint().0);
        let (mut left, mut count) = (Left { calls, last: None, passed: 0 }, 0);
        while let Err(panic) = isolate(|| {
            let (calls, mut passed) = (left.calls.clone(), 0);
            let mut walk = Walk { calls, last: None, left: &mut left };
            let results = iter::from_fn(|| {
                loop {
                    let entry = walk.calls.next()?;
                    walk.last = Some(entry);
                    match entry.receiver.call(sender, value) {
                        Some(result) => return Some((entry.key.id, result)),
                        None => passed += 1,
                    }
                }
            });
            keep.take(results, &mut count);
            walk.left.passed += passed;
        }) {
            if let Some(entry) = left.last {
                keep.panicked(entry.key.id, panicked(entry, panic));
            }
        }
        if left.passed > 0 {
            self.remove_gone();
        }
        Ok(count)
    }

    pub(super) fn send_until<B>(
        &self,
        sender: Option<&S>,
        value: &T,
        mut enough: impl FnMut(ReceiverId, Result<R, Panicked>) -> ControlFlow<B>,
    ) -> Result<Option<B>, SendError> {
        let fresh = self.fresh();
        let plan = fresh.plan();
        let others = match sender {
            Some(sender) => isolate(|| plan.by(sender)).map_err(|panic| self.no_sender(panic))?,
            None => None,
        };
        if let Some(place) = plan.any.is_async.or_else(|| others?.is_async) {
            return Err(self.error(SendErrorKind::Async { place }));
        }
        let Some(_depth) = self.enter()? else { return Ok(None) };
        let (mut passed, mut found) = (false, None);
        for entry in Merged::new(&plan.any, others) {
            let result = match isolate(|| entry.receiver.call(sender, value)) {
                Ok(Some(result)) => Ok(result),
                Ok(None) => {
                    passed = true;
                    continue;
                }
                Err(panic) => Err(panicked(entry, panic)),
            };
            // The caller's own code: its panic is the caller's.
            if let ControlFlow::Break(answer) = enough(entry.key.id, result) {
                found = Some(answer);
                break;
            }
        }
        if passed {
            self.remove_gone();
        }
        Ok(found)
    }

    /// `None` if it is muted in this thread.
    #[inline]
    pub(super) fn enter(&self) -> Result<Option<Depth>, SendError> {
        match Depth::enter(self.depth) {
            Some(depth) => Ok(Some(depth)),
            None => self.look(),
        }
    }

    #[cold]
    fn look(&self) -> Result<Option<Depth>, SendError> {
        Depth::look(self.depth, self.address()).map_err(|kind| self.error(kind))
    }
}

impl<T: ?Sized, R, S> Inner<T, R, S> {
    /// What the thread knows it by.
    pub(super) fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    #[cold]
    pub(super) fn error(&self, kind: SendErrorKind) -> SendError {
        SendError::new(kind, self.name.as_deref())
    }

    pub(super) fn no_sender(&self, panic: Box<str>) -> SendError {
        self.error(SendErrorKind::Sender { panic })
    }
}

#[cold]
fn one_panicked<T: ?Sized, R, S>(entry: &Entry<T, R, S>, panic: Box<str>) -> Sent {
    let mut panics = Panics::default();
    panics.push(0, entry.key.id, panicked(entry, panic));
    Sent::new(0, panics)
}

/// Counts a panic and says whose it was.
#[cold]
pub(super) fn panicked<T: ?Sized, R, S>(entry: &Entry<T, R, S>, panic: Box<str>) -> Panicked {
    let about = entry.receiver.about();
    about.count_panic(&panic);
    Panicked::new(about.place, panic)
}
