//! [`Effect`]: what a program is to do, as a value.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rem_core::Retry;

use crate::dispatcher::Dispatcher;
use crate::error::EffectError;
use crate::intent::{Asked, Intent};
use crate::node::{How, Link, Node, Value};
use crate::perform::{self, Performing};

/// What a program is to do, as a value that gives a `T`: an [`Intent`], what follows from its result, several of them.
///
/// It does nothing until it is performed, and may be performed again: its clones are the same description, and cheap.
/// Functions that are given to it are called each time. They, and the performers, may panic: that is an
/// [`EffectError`], as any failure is.
///
/// ```
/// use rem_effects::{Dispatcher, Effect, Intent};
///
/// #[derive(Debug)]
/// struct Read(&'static str);
/// impl Intent for Read {
///     type Output = String;
/// }
///
/// let length = Effect::of(Read("a")).map(|text| text.len());
/// let longer = length.and_then(|length| Effect::of(Read("b")).map(move |text| text.len() > length));
///
/// let files = Dispatcher::new().performer(|read: &Read| match read.0 {
///     "a" => Ok("short".to_owned()),
///     "b" => Ok("rather long".to_owned()),
///     _ => Err("no such file"),
/// });
/// assert!(longer.perform_blocking(&files)?);
/// assert!(longer.perform_blocking(&files)?); // once more
/// # Ok::<(), rem_effects::EffectError>(())
/// ```
///
/// # Cost
/// A link is one allocation as it is made, and some as it is performed. Building, performing and dropping an effect takes no
/// more stack for a chain of 100,000 links than for one, however they hang together.
#[must_use = "an effect does nothing until it is performed"]
pub struct Effect<T> {
    pub(crate) link: Link,
    of: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> Effect<T> {
    /// An intent, to be performed by whom the dispatcher has for its type. Errors name this line.
    #[track_caller]
    pub fn of<I: Intent<Output = T>>(intent: I) -> Self {
        Self::new(Node::Ask(Asked { intent: Arc::new(intent), at: Location::caller() }))
    }

    /// A value that is there already, cloned each time.
    #[track_caller]
    pub fn value(value: T) -> Self
    where
        T: Clone + Sync,
    {
        Self::new(Node::Value(Box::new(move |()| Box::new(value.clone())), Location::caller()))
    }

    /// A failure, for [`and_then`](Self::and_then) to go no further. A text is an error, as is any type that is one; an
    /// [`EffectError`] that was given to [`or_else`](Self::or_else) goes on as it is.
    #[track_caller]
    pub fn fail(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Node::Fail(EffectError::given(error.into(), Location::caller())))
    }

    /// Changes what it gives.
    #[track_caller]
    pub fn map<U: Send + 'static>(self, map: impl Fn(T) -> U + Send + Sync + 'static) -> Effect<U> {
        let map = Box::new(move |value| -> Value { Box::new(map(taken(value))) });
        Effect::new(Node::Map { before: self.link, map, at: Location::caller() })
    }

    /// Goes on with another effect, by what this one gave.
    #[track_caller]
    pub fn and_then<U: Send + 'static>(
        self,
        then: impl Fn(T) -> Effect<U> + Send + Sync + 'static,
    ) -> Effect<U> {
        let then = Box::new(move |value| then(taken(value)).link);
        Effect::new(Node::Then { before: self.link, then, at: Location::caller() })
    }

    /// Goes on with another effect if this one fails. To pass the error on: [`fail`](Self::fail).
    #[track_caller]
    pub fn or_else(self, or: impl Fn(EffectError) -> Self + Send + Sync + 'static) -> Self {
        let or = Box::new(move |error| or(error).link);
        Self::new(Node::OrElse { before: self.link, or, at: Location::caller() })
    }

    /// Fails if it takes longer, from when it begins; what is waited for is dropped. The error names the intent that had not
    /// answered. A performer that is not async cannot be interrupted.
    ///
    /// The time is that of the dispatcher's bus, or of the clock it was given.
    #[track_caller]
    pub fn timeout(self, limit: Duration) -> Self {
        Self::new(Node::Limit { before: self.link, limit, at: Location::caller() })
    }

    /// Performs it again if it fails, as the policy says. The error is that of the last attempt, with how many there were.
    /// Where there is no performer, none comes by trying again: that fails at once.
    pub fn retry(self, policy: Retry) -> Self {
        Self::new(Node::Again { before: self.link, retry: policy })
    }

    /// Performs it in async code, under any runtime or none: a future that does nothing until it is polled. Dropping it stops
    /// what is under way.
    pub fn perform(&self, dispatcher: &Dispatcher) -> Performing<T> {
        Performing::new(&self.link, dispatcher)
    }

    /// Performs it to its end in this thread, which sleeps while it waits.
    ///
    /// # Errors
    /// What was handled by no [`or_else`](Self::or_else): a performer that is missing, fails, panics or does not answer, a
    /// time limit, a function of the effect that panics.
    pub fn perform_blocking(&self, dispatcher: &Dispatcher) -> Result<T, EffectError> {
        perform::blocking(&self.link, dispatcher).map(taken)
    }

    pub(crate) fn new(node: Node) -> Self {
        Self { link: Link::new(node), of: PhantomData }
    }
}

/// Performs one after the other, and gives their results in that order. The first that fails ends it, and the error has its
/// [index](EffectError::index).
pub fn sequence<T: Send + 'static>(effects: impl IntoIterator<Item = Effect<T>>) -> Effect<Vec<T>> {
    all(effects, How::OneByOne)
}

/// Performs all of them beside one another, and gives their results in the order of the effects. The first that fails ends
/// it: the others are dropped where they wait, and the error has its [index](EffectError::index).
///
/// They wait beside one another, in the thread that performs: where a performer is not async the others have to wait for it.
pub fn parallel<T: Send + 'static>(effects: impl IntoIterator<Item = Effect<T>>) -> Effect<Vec<T>> {
    all(effects, How::UntilOneFails)
}

/// The same, each to its end: if any fail, the error has [all of theirs](EffectError::errors), each with its index.
pub fn parallel_all<T: Send + 'static>(
    effects: impl IntoIterator<Item = Effect<T>>,
) -> Effect<Vec<T>> {
    all(effects, How::ToTheEnd)
}

fn all<T: Send + 'static>(
    effects: impl IntoIterator<Item = Effect<T>>,
    how: How,
) -> Effect<Vec<T>> {
    let parts = effects.into_iter().map(|effect| effect.link).collect();
    let collect = |values: Vec<Value>| -> Value {
        Box::new(values.into_iter().map(taken::<T>).collect::<Vec<T>>())
    };
    Effect::new(Node::All { parts, how, collect })
}

/// The value, as the link takes it that stands behind the one it came from.
pub(crate) fn taken<T: 'static>(value: Value) -> T {
    match value.downcast() {
        Ok(value) => *value,
        Err(_) => unreachable!("a link gives the type that its effect says, or its error"),
    }
}

impl<T> Clone for Effect<T> {
    fn clone(&self) -> Self {
        Self { link: self.link.clone(), of: PhantomData }
    }
}

/// What it begins with; what follows is known only as it is performed.
impl<T> fmt::Debug for Effect<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut link, mut links) = (&self.link, 0_usize);
        while let Node::Map { before, .. }
        | Node::Then { before, .. }
        | Node::OrElse { before, .. }
        | Node::Limit { before, .. }
        | Node::Again { before, .. } = link.node()
        {
            (link, links) = (before, links + 1);
        }
        let mut shown = f.debug_struct("Effect");
        match link.node() {
            Node::Ask(asked) => shown.field("intent", &asked.intent),
            Node::Fail(error) => shown.field("error", error),
            Node::All { parts, how, .. } => shown.field("effects", &parts.len()).field("how", how),
            _ => shown.field("value", &format_args!("…")),
        };
        shown.field("links", &links).finish()
    }
}
