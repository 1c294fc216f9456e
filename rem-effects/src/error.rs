//! [`EffectError`]: why an effect failed, at which intent, asked for where.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::intent::Asked;
use crate::node::Place;

/// Why an effect failed: what was asked for, by which line of the program, and what became of it. Clones share it.
#[derive(Debug, Clone)]
pub struct EffectError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: EffectErrorKind,
    intent: Option<Arc<str>>,
    at: Place,
    /// Of the innermost effect first.
    path: Vec<usize>,
    attempts: u32,
    detail: Detail,
}

#[derive(Debug, Clone)]
enum Detail {
    None,
    Panic(Arc<str>),
    /// Where the limit was set; `None` for the dispatcher's own.
    Limit(Duration, Option<Place>),
    Source(Arc<dyn Error + Send + Sync>),
    /// Never with such details of their own.
    Several(Vec<EffectError>),
}

/// Why an effect failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EffectErrorKind {
    /// The dispatcher has no performer for the intent's type.
    NoPerformer,
    /// The performer returned an error: [`source`](Error::source).
    Failed,
    /// The performer panicked, or a function that was given to the effect.
    Panicked,
    /// The performer did not answer within the dispatcher's limit; or, told at once, it never can, for nobody is left who could
    /// wake whoever waits for it.
    NeverAnswers,
    /// It took longer than [`Effect::timeout`](crate::Effect::timeout) allows.
    TimedOut,
    /// It is an [`Effect::fail`](crate::Effect::fail).
    Given,
    /// Some of [`parallel_all`](crate::parallel_all): [`errors`](EffectError::errors).
    Several,
}

impl EffectError {
    fn new(kind: EffectErrorKind, intent: Option<Arc<str>>, at: Place, detail: Detail) -> Self {
        Self(Box::new(Inner { kind, intent, at, path: Vec::new(), attempts: 1, detail }))
    }

    fn asked(kind: EffectErrorKind, asked: &Asked, detail: Detail) -> Self {
        // The name is given by the user's code.
        let name = rem_core::__private::isolate(|| Arc::from(asked.intent.name()));
        Self::new(kind, Some(name.unwrap_or_else(|_| Arc::from("…"))), asked.at, detail)
    }

    pub(crate) fn no_performer(asked: &Asked) -> Self {
        Self::asked(EffectErrorKind::NoPerformer, asked, Detail::None)
    }

    pub(crate) fn failed(asked: &Asked, error: Box<dyn Error + Send + Sync>) -> Self {
        Self::asked(EffectErrorKind::Failed, asked, Detail::Source(error.into()))
    }

    pub(crate) fn performer_panicked(asked: &Asked, panic: Box<str>) -> Self {
        Self::asked(EffectErrorKind::Panicked, asked, Detail::Panic(panic.into()))
    }

    /// A function that was given to the effect.
    pub(crate) fn panicked(at: Place, panic: Box<str>) -> Self {
        Self::new(EffectErrorKind::Panicked, None, at, Detail::Panic(panic.into()))
    }

    pub(crate) fn never_answers(asked: &Asked, limit: Option<Duration>) -> Self {
        let detail = limit.map_or(Detail::None, |limit| Detail::Limit(limit, None));
        Self::asked(EffectErrorKind::NeverAnswers, asked, detail)
    }

    pub(crate) fn timed_out(awaited: Option<&Asked>, limit: Duration, at: Place) -> Self {
        let (kind, detail) = (EffectErrorKind::TimedOut, Detail::Limit(limit, Some(at)));
        match awaited {
            Some(asked) => Self::asked(kind, asked, detail),
            None => Self::new(kind, None, at, detail),
        }
    }

    pub(crate) fn given(error: Box<dyn Error + Send + Sync>, at: Place) -> Self {
        match error.downcast::<Self>() {
            Ok(same) => *same,
            Err(error) => Self::new(EffectErrorKind::Given, None, at, Detail::Source(error.into())),
        }
    }

    /// Of several, of which each has its index already; `None` if there are none.
    pub(crate) fn several(errors: Vec<Self>) -> Option<Self> {
        let at = errors.first()?.0.at;
        let mut flat = Vec::with_capacity(errors.len());
        for mut error in errors {
            match std::mem::replace(&mut error.0.detail, Detail::None) {
                Detail::Several(inner) => flat.extend(inner),
                detail => {
                    error.0.detail = detail;
                    flat.push(error);
                }
            }
        }
        Some(Self::new(EffectErrorKind::Several, None, at, Detail::Several(flat)))
    }

    /// It is that of one of several effects.
    pub(crate) fn of_index(mut self, index: usize) -> Self {
        if let Detail::Several(errors) = &mut self.0.detail {
            for error in errors {
                error.0.path.push(index);
            }
        }
        self.0.path.push(index);
        self
    }

    pub(crate) fn after(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Why, to be matched.
    pub fn kind(&self) -> EffectErrorKind {
        self.0.kind
    }

    /// The name of the intent that failed, or was waited for; `None` where there is none.
    pub fn intent(&self) -> Option<&str> {
        self.0.intent.as_deref()
    }

    /// The line of the program that asked for it: of [`Effect::of`](crate::Effect::of) or [`publish`](crate::publish), of the
    /// `map`, `and_then` or `or_else` whose function panicked, of the `value` that panicked as it was cloned, of the `fail`, or,
    /// where no intent was waited for, of the `timeout`.
    pub fn place(&self) -> &'static Location<'static> {
        self.0.at
    }

    /// Which of the effects of a sequence or of parallel ones it was, from 0 on; of the outermost, where such stand in one
    /// another.
    pub fn index(&self) -> Option<usize> {
        self.0.path.last().copied()
    }

    /// The same, of the outermost first.
    pub fn path(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.0.path.iter().rev().copied()
    }

    /// How often it was tried: 1 without a [`retry`](crate::Effect::retry).
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// All the errors of [`parallel_all`](crate::parallel_all), in the order of the effects; itself alone otherwise.
    pub fn errors(&self) -> &[Self] {
        match &self.0.detail {
            Detail::Several(errors) => errors,
            _ => std::slice::from_ref(self),
        }
    }

    /// The performer's error, or that of [`Effect::fail`](crate::Effect::fail), if it is of that type.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &self.0.detail {
            Detail::Source(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for EffectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, intent, at, path, attempts, detail } = &*self.0;
        if let (false, Detail::None | Detail::Panic(_) | Detail::Limit(..) | Detail::Source(_)) =
            (path.is_empty(), detail)
        {
            f.write_str("effect ")?;
            for (place, index) in path.iter().rev().enumerate() {
                write!(f, "{}{index}", if place == 0 { "" } else { "." })?;
            }
            f.write_str(": ")?;
        }
        let name = intent.as_deref().unwrap_or("a function of the effect");
        match (kind, detail) {
            (EffectErrorKind::NoPerformer, _) => write!(
                f,
                "no performer for `{name}`, asked for at {at}: give the dispatcher one, by `performer` or `or`"
            ),
            (EffectErrorKind::Panicked, Detail::Panic(panic)) if intent.is_some() => {
                write!(f, "the performer of `{name}`, asked for at {at}, panicked: {panic}")
            }
            (_, Detail::Panic(panic)) => write!(f, "{name}, given at {at}, panicked: {panic}"),
            (EffectErrorKind::NeverAnswers, Detail::Limit(limit, _)) => write!(
                f,
                "the performer of `{name}`, asked for at {at}, did not answer within {limit:?}, the dispatcher's limit: \
                 `answer_within` sets another"
            ),
            (EffectErrorKind::NeverAnswers, _) => write!(
                f,
                "the performer of `{name}`, asked for at {at}, never answers: its future waits and has kept no waker"
            ),
            (_, Detail::Limit(limit, set)) => {
                write!(f, "it took longer than {limit:?}, the limit set at {}", set.unwrap_or(at))?;
                match intent {
                    Some(name) => write!(f, ", waiting for `{name}`, asked for at {at}"),
                    None => Ok(()),
                }
            }
            (_, Detail::Several(errors)) => {
                write!(f, "{} effects failed", errors.len())?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
            (EffectErrorKind::Given, Detail::Source(error)) => {
                write!(f, "the effect fails at {at}: {error}")
            }
            (_, Detail::Source(error)) => {
                write!(f, "the performer of `{name}`, asked for at {at}, failed: {error}")
            }
            (_, Detail::None) => write!(f, "`{name}`, asked for at {at}, failed"),
        }?;
        if *attempts > 1 { write!(f, ", at the last of {attempts} attempts") } else { Ok(()) }
    }
}

impl Error for EffectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.detail {
            Detail::Source(error) => Some(&**error),
            _ => None,
        }
    }
}
