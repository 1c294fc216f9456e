//! [`Dispatcher`]: who performs which intent.

use std::any::TypeId;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rem_core::__private::Alarms;
use rem_core::{Bus, ManualClock};

use crate::effect::Effect;
use crate::error::EffectError;
use crate::intent::{AnyIntent, Asked, Intent};
use crate::node::{Link, Value};
use crate::publish::PublishEvent;
use crate::time::Time;

/// Who performs which intent, by the intent's type. Cheap to clone; what a clone is given, the other does not have.
///
/// ```
/// use rem_core::Bus;
/// use rem_effects::{Dispatcher, Effect, Intent};
///
/// #[derive(Debug)]
/// struct Load(u32);
/// impl Intent for Load {
///     type Output = String;
/// }
///
/// let memory = Dispatcher::new().performer(|load: &Load| Ok::<_, String>(format!("item {}", load.0)));
/// let all = Dispatcher::publishing(&Bus::new()).or(&memory);
/// assert_eq!(Effect::of(Load(7)).perform_blocking(&all)?, "item 7");
/// # Ok::<(), rem_effects::EffectError>(())
/// ```
#[derive(Clone)]
#[must_use = "it performs what it is given"]
pub struct Dispatcher {
    /// Shared with the effects that are being performed.
    performers: Arc<HashMap<TypeId, Arc<Performer>>>,
    /// Asked first: what a test has to say.
    pub(crate) hook: Option<Arc<Hook>>,
    pub(crate) answer_within: Duration,
    pub(crate) time: Time,
    /// Whether that is of a bus or a test, and not the system's.
    has_clock: bool,
}

/// What is asked about each intent before its performer is.
pub(crate) type Hook = dyn Fn(&Asked) -> Option<Answer> + Send + Sync;

type Failure = Box<dyn Error + Send + Sync>;
pub(crate) type Answered = Result<Value, Failure>;
pub(crate) type Later = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// What a performer has to say.
pub(crate) enum Answer {
    Now(Answered),
    Later(Later),
    Effect(Link),
}

/// Given who performs: `true` for a thread that waits.
type Performer = dyn Fn(&Arc<dyn AnyIntent>, bool) -> Answer + Send + Sync;

/// How long an async performer may take, unless told.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

impl Default for Dispatcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Dispatcher {
    /// One that performs nothing.
    pub fn new() -> Self {
        Self {
            performers: Arc::default(),
            hook: None,
            answer_within: ANSWER_WITHIN,
            time: Time::Real(Alarms::system()),
            has_clock: false,
        }
    }

    /// One that performs [`PublishEvent`] on that bus, and by whose clock effects wait.
    ///
    /// [`Effect::perform`] publishes as [`Bus::publish_async`] does, which waits for room in a queue without a limit of its own;
    /// [`Effect::perform_blocking`] as [`Bus::publish`].
    pub fn publishing(bus: &Bus) -> Self {
        let dispatcher = Self::new().by(Time::Real(Alarms::of(bus)));
        let bus = bus.clone();
        dispatcher.put::<PublishEvent>(move |intent, blocking| {
            let publish = as_intent::<PublishEvent>(intent);
            if blocking {
                Answer::Now(publish.now(&bus).map(boxed))
            } else {
                let later = publish.later(&bus);
                Answer::Later(Box::pin(async move { later.await.map(boxed) }))
            }
        })
    }

    /// Performs intents of one type, told by the argument, by a function. Replaces who performed them before.
    pub fn performer<I, F, E>(self, perform: F) -> Self
    where
        I: Intent,
        F: Fn(&I) -> Result<I::Output, E> + Send + Sync + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.put::<I>(move |intent, _| {
            Answer::Now(perform(as_intent(intent)).map(boxed).map_err(Into::into))
        })
    }

    /// The same by an async function. Its future is polled by whoever performs the effect; if it waits, that does not block
    /// others. It has to answer within a [limit](Self::answer_within).
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use rem_effects::{Dispatcher, Intent};
    ///
    /// #[derive(Debug)]
    /// struct Ask(String);
    /// impl Intent for Ask {
    ///     type Output = usize;
    /// }
    ///
    /// let dispatcher = Dispatcher::new()
    ///     .performer_async(|ask: Arc<Ask>| async move { Ok::<_, std::io::Error>(ask.0.len()) });
    /// ```
    pub fn performer_async<I, F, R, E>(self, perform: F) -> Self
    where
        I: Intent,
        F: Fn(Arc<I>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<I::Output, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.put::<I>(move |intent, _| {
            let Ok(intent) = Arc::clone(intent).into_any().downcast::<I>() else {
                unreachable!("a performer is found by the type of the intent")
            };
            let answer = perform(intent);
            Answer::Later(Box::pin(async move { answer.await.map(boxed).map_err(Into::into) }))
        })
    }

    /// The same by another effect, of intents that are nearer to what can be done.
    ///
    /// It is performed where the intent was asked for, and by the same dispatcher.
    pub fn performer_effect<I, F>(self, perform: F) -> Self
    where
        I: Intent,
        F: Fn(&I) -> Effect<I::Output> + Send + Sync + 'static,
    {
        self.put::<I>(move |intent, _| Answer::Effect(perform(as_intent(intent)).link))
    }

    /// Those of this one and, for intents that it has none for, those of another. The limit is that of this one; the clock too,
    /// if it has one.
    pub fn or(mut self, other: &Self) -> Self {
        let performers = Arc::make_mut(&mut self.performers);
        for (intent, performer) in &*other.performers {
            performers.entry(*intent).or_insert_with(|| Arc::clone(performer));
        }
        if !self.has_clock && other.has_clock {
            return self.by(other.time.clone());
        }
        self
    }

    /// How long an async performer may take to answer, 60 s unless told; [`Duration::MAX`] for as long as it likes.
    ///
    /// Then the effect fails by [`NeverAnswers`](crate::EffectErrorKind::NeverAnswers).
    pub fn answer_within(mut self, limit: Duration) -> Self {
        self.answer_within = limit;
        self
    }

    /// Waits by the clock of a test, and not by that of the bus or the system.
    pub fn clock(self, clock: &ManualClock) -> Self {
        self.by(Time::Real(Alarms::by(clock)))
    }

    pub(crate) fn by(mut self, time: Time) -> Self {
        (self.time, self.has_clock) = (time, true);
        self
    }

    pub(crate) fn answer(&self, asked: &Asked, blocking: bool) -> Result<Answer, EffectError> {
        if let Some(answer) = self.hook.as_ref().and_then(|hook| hook(asked)) {
            return Ok(answer);
        }
        let performer = self.performers.get(&asked.intent.as_any().type_id());
        let performer = performer.ok_or_else(|| EffectError::no_performer(asked))?;
        rem_core::__private::isolate(|| performer(&asked.intent, blocking))
            .map_err(|panic| EffectError::performer_panicked(asked, panic))
    }

    pub(crate) fn performs<I: Intent>(&self) -> bool {
        self.performers.contains_key(&TypeId::of::<I>())
    }

    fn put<I: Intent>(
        mut self,
        performer: impl Fn(&Arc<dyn AnyIntent>, bool) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.performers).insert(TypeId::of::<I>(), Arc::new(performer));
        self
    }
}

pub(crate) fn boxed<T: Send + 'static>(value: T) -> Value {
    Box::new(value)
}

/// The intent, as its performer takes it.
fn as_intent<I: Intent>(intent: &Arc<dyn AnyIntent>) -> &I {
    match intent.as_any().downcast_ref() {
        Some(intent) => intent,
        None => unreachable!("a performer is found by the type of the intent"),
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("performers", &self.performers.len())
            .field("answer_within", &self.answer_within)
            .finish_non_exhaustive()
    }
}
