//! Async handlers: what the macro tells of one, and how it is called with arguments that its future owns.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::argument::Around;
use super::register::Way;
use super::{HandlerCall, HandlerSetup, RegisterErrorKind, Registrar};
use crate::event::{Event, Shape};
use crate::queue::Overflow;
use crate::subscription::{About, SubscriptionBuilder};
use crate::task::{Attempt, Retry, TaskBuilder, TaskKey};

/// One call of an async handler: [`HandlerCall`], owned by the future. Not public API; expanded code names it.
#[doc(hidden)]
pub struct TaskCall {
    event: Arc<Event>,
    about: Arc<About>,
    around: Arc<Around>,
    is_replay: bool,
    attempt: u32,
}

impl TaskCall {
    fn new(attempt: &Attempt<'_>, around: &Arc<Around>) -> Self {
        let Attempt { event, about, is_replay, number } = *attempt;
        let (event, about) = (Arc::clone(event), Arc::clone(about));
        Self { event, about, around: Arc::clone(around), is_replay, attempt: number }
    }

    /// What the arguments are made from.
    pub fn call(&self) -> HandlerCall<'_> {
        let Self { event, about, around, is_replay, attempt } = self;
        HandlerCall { event, about, around, is_replay: *is_replay, attempt: *attempt }
    }
}

impl<'b, S> Registrar<'b, S> {
    /// Adds an async handler. Its future owns what it is called with, so that arguments may be lent from it.
    pub fn task<T, H, F>(&mut self, setup: TaskSetup<'b>, handle: H)
    where
        T: Shape + ?Sized,
        H: Fn(Arc<S>, Arc<Event<T>>, TaskCall) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Box<str>>> + Send + 'static,
        S: Send + Sync + 'static,
    {
        let (holder, around) = (self.holder.clone(), Arc::clone(&self.around));
        let TaskSetup { name, place, refused, mut task } = setup;
        if let Some(is_gone) = holder.is_gone() {
            // Asked before an event is put into the queue, where none should wait for a value that is gone.
            task = task.until(is_gone);
        }
        self.made(name, place, refused, || {
            let task = task.prepare::<T, _, F>(move |attempt: &Attempt<'_>| {
                let Some(this) = holder.get() else {
                    attempt.about.end();
                    return None;
                };
                // What is not of the type was not queued.
                let event = T::share(attempt.event)?;
                Some(handle(this, event, TaskCall::new(attempt, &around)))
            })?;
            Ok(Way::Task(task))
        });
    }
}

/// An async handler in the making: the keys of its task. Not public API.
#[doc(hidden)]
#[must_use = "a handler is added by `task`"]
pub struct TaskSetup<'b> {
    name: &'static str,
    place: &'static Location<'static>,
    refused: Option<RegisterErrorKind>,
    task: TaskBuilder<'b>,
}

impl<'b> HandlerSetup<'b> {
    /// The handler is async. Its predicates are known.
    pub fn asynchronous(self) -> TaskSetup<'b> {
        self.into_task(|subscription| TaskBuilder::new(subscription, None))
    }

    /// The same with a position, which the history keeps under that name.
    pub fn durable(self, position: impl Into<Box<str>>) -> TaskSetup<'b> {
        self.into_task(|subscription| subscription.durable(position).into_task())
    }

    fn into_task(
        self,
        task: impl FnOnce(SubscriptionBuilder<'b>) -> TaskBuilder<'b>,
    ) -> TaskSetup<'b> {
        let Self { name, place, subscription, traced, refused, .. } = self;
        TaskSetup { name, place, refused, task: task(subscription).with_spans(traced) }
    }
}

/// What becomes of the [`TaskBuilder`].
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($value:ident: $ty:ty) => $call:ident($given:expr);)*) => {
        impl TaskSetup<'_> {
            $($(#[$doc])* pub fn $name(mut self, $value: $ty) -> Self {
                self.task = self.task.$call($given);
                self
            })*
        }
    };
}

keys! {
    /// How many events may wait.
    queue(events: usize) => capacity(events);
    /// How many events of a durable one may be in hand.
    window(events: usize) => capacity(events.max(1));
    /// What happens when so many wait.
    overflow(overflow: Overflow) => overflow(overflow);
    /// How many calls may run at a time.
    concurrency(calls: usize) => concurrency(calls);
    /// In order for each key.
    by_key(key: impl Into<TaskKey>) => by_key(key);
    /// The same by a closure, whose types it need not tell.
    by_key_of(key: impl Fn(&Event) -> Option<Box<str>> + Send + Sync + 'static) => by_key(TaskKey::of(key));
    /// How often to try again, or how.
    retry(retry: impl Retries) => retry(retry.retry());
    /// How long one call may take.
    time_limit(limit: Duration) => time_limit(limit);
    /// Where events that have failed for good are published.
    dead_letter(topic: impl Into<Box<str>>) => dead_letter(topic);
    /// How many of them are kept.
    keep_dead_letters(events: usize) => keep_dead_letters(events);
}

impl TaskSetup<'_> {
    /// In order for each key that the event's type declares.
    pub fn by_declared_key(self) -> Self {
        self.by_key(TaskKey::declared())
    }
}

/// What `retry` of a handler may be: how often to try again, or a [`Retry`].
#[diagnostic::on_unimplemented(
    message = "`retry` takes how often to try again, or a `Retry`",
    label = "neither a `usize` nor a `Retry`",
    note = "write `retry = 3`, or `retry = Retry::times(3).backoff(…)`"
)]
#[doc(hidden)]
pub trait Retries {
    /// How often, and when.
    fn retry(self) -> Retry;
}

impl Retries for usize {
    fn retry(self) -> Retry {
        Retry::times(self)
    }
}

impl Retries for Retry {
    fn retry(self) -> Retry {
        self
    }
}

impl fmt::Debug for TaskCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskCall").field(&self.call()).finish()
    }
}

impl fmt::Debug for TaskSetup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSetup")
            .field("name", &self.name)
            .field("place", &self.place)
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}
