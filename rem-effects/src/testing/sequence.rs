//! [`perform_sequence`]: an effect, performed by a script.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rem_core::__private::isolate;

use super::unmet::{Line, Unmet, UnmetKind};
use crate::dispatcher::{Answer, Answered, Dispatcher, boxed};
use crate::effect::{Effect, taken};
use crate::intent::{AnyIntent, Asked, Intent};
use crate::node::Place;
use crate::perform;
use crate::time::{Simulated, Time};

/// Performs an effect by a script: each intent that it asks for has to be the next one expected, and gets its answer.
///
/// Expected are pairs of an intent and its result, where all are of one type; else what [`expect`] makes. Intents of parallel
/// effects are asked for in the order of the effects.
///
/// # Errors
/// An [`Unmet`] that shows, line by line, what was asked for and where, what was expected next and what came: if another intent
/// came, or one more; if the effect ended before all of them had come; and if it ended in an error, which
/// [`Unmet::error`] gives.
///
/// ```
/// use rem_effects::testing::{expect, perform_sequence};
/// use rem_effects::{Effect, Intent};
///
/// #[derive(Debug, PartialEq)]
/// struct Read(&'static str);
/// impl Intent for Read {
///     type Output = String;
/// }
///
/// let both = Effect::of(Read("a")).and_then(|a| Effect::of(Read("b")).map(move |b| a.clone() + &b));
/// let text = perform_sequence([(Read("a"), "1".to_owned()), (Read("b"), "2".to_owned())], &both)?;
/// assert_eq!(text, "12");
///
/// let unmet = perform_sequence([expect(Read("b")).gives("2".to_owned())], &both).unwrap_err();
/// assert!(unmet.to_string().contains(r#"expected  Read("b")"#));
/// # Ok::<(), rem_effects::testing::Unmet>(())
/// ```
pub fn perform_sequence<T: Send + 'static>(
    expected: impl IntoIterator<Item = impl Into<Expected>>,
    effect: &Effect<T>,
) -> Result<T, Unmet> {
    let script = Script(Arc::new(Mutex::new(Page {
        expected: expected.into_iter().map(Into::into).collect(),
        lines: Vec::new(),
        wrong: None,
    })));
    let simulated = Simulated::new();
    let mut dispatcher = Dispatcher::new().by(Time::Simulated(simulated.clone()));
    let hook = script.clone();
    dispatcher.hook = Some(Arc::new(move |asked| Some(hook.answer(asked))));

    let came = perform::drive(&effect.link, &dispatcher, || simulated.go_on());
    let (rest, mut lines, wrong) = script.close();
    let is_left = !rest.is_empty();
    lines.extend(rest.into_iter().map(|expected| Line::Left(expected.shown, expected.at)));
    match (wrong, came) {
        (Some(kind), came) => Err(Unmet::new(kind, lines, came.err())),
        (None, Err(error)) => Err(Unmet::new(UnmetKind::Failed, lines, Some(error))),
        (None, Ok(_)) if is_left => Err(Unmet::new(UnmetKind::Left, lines, None)),
        (None, Ok(value)) => Ok(taken(value)),
    }
}

/// The next intent is expected to equal this one.
#[track_caller]
pub fn expect<I: Intent + PartialEq>(intent: I) -> Expectation<I> {
    let shown = shown(&intent);
    let is_it = Box::new(move |came: &I| *came == intent);
    Expectation { shown, is_it, at: Location::caller() }
}

/// The next intent is expected to be of this type, and such that the function says yes; `what` is shown where it does not come.
#[track_caller]
pub fn expect_where<I: Intent>(
    what: impl Into<String>,
    is_it: impl Fn(&I) -> bool + Send + 'static,
) -> Expectation<I> {
    Expectation { shown: what.into(), is_it: Box::new(is_it), at: Location::caller() }
}

/// Whether it is the one expected.
type IsIt<I> = Box<dyn Fn(&I) -> bool + Send>;

/// An intent that is expected, with no answer yet.
#[must_use = "say what its performer answers: `gives`, `fails`, `never_answers`"]
pub struct Expectation<I> {
    shown: String,
    is_it: IsIt<I>,
    at: Place,
}

/// An intent that is expected, with its answer.
#[must_use = "it is of use to `perform_sequence`"]
pub struct Expected {
    shown: String,
    is_it: IsIt<dyn AnyIntent>,
    /// `None` for one that never comes.
    answer: Option<Answered>,
    at: Place,
}

impl<I: Intent> Expectation<I> {
    /// It is answered by that.
    pub fn gives(self, output: I::Output) -> Expected {
        self.answered(Some(Ok(boxed(output))))
    }

    /// Its performer fails.
    pub fn fails(self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Expected {
        self.answered(Some(Err(error.into())))
    }

    /// It is not answered: until a time limit of the effect is over, or the dispatcher's.
    pub fn never_answers(self) -> Expected {
        self.answered(None)
    }

    fn answered(self, answer: Option<Answered>) -> Expected {
        let Self { shown, is_it, at } = self;
        let is_it: IsIt<dyn AnyIntent> =
            Box::new(move |came| came.as_any().downcast_ref().is_some_and(&is_it));
        Expected { shown, is_it, answer, at }
    }
}

impl<I: Intent + PartialEq> From<(I, I::Output)> for Expected {
    #[track_caller]
    fn from((intent, output): (I, I::Output)) -> Self {
        expect(intent).gives(output)
    }
}

/// What is expected, and what has come.
#[derive(Clone)]
struct Script(Arc<Mutex<Page>>);

struct Page {
    expected: VecDeque<Expected>,
    lines: Vec<Line>,
    wrong: Option<UnmetKind>,
}

impl Script {
    /// The user's code (`PartialEq`, `Debug`) is called under no lock.
    fn answer(&self, asked: &Asked) -> Answer {
        let came = shown(&*asked.intent);
        let is_wrong = self.lock().wrong.is_some();
        if is_wrong {
            self.lock().lines.push(Line::After(came, asked.at));
            return Answer::Now(Err("an intent before this was not the one expected".into()));
        }
        let next = self.lock().expected.pop_front();
        let Some(next) = next else {
            return self.wrong(UnmetKind::TooMany, Line::TooMany(came, asked.at));
        };
        match isolate(|| (next.is_it)(&*asked.intent)) {
            Ok(true) => {
                self.lock().lines.push(Line::Met(came, asked.at));
                match next.answer {
                    Some(answer) => Answer::Now(answer),
                    None => Answer::Later(Box::pin(Silent(None))),
                }
            }
            Ok(false) => {
                let expected = (next.shown, next.at);
                self.wrong(UnmetKind::Other, Line::Other { expected, came: (came, asked.at) })
            }
            Err(panic) => {
                let expected = (format!("{} (comparing panicked: {panic})", next.shown), next.at);
                self.wrong(UnmetKind::Other, Line::Other { expected, came: (came, asked.at) })
            }
        }
    }

    fn wrong(&self, kind: UnmetKind, line: Line) -> Answer {
        let mut page = self.lock();
        page.wrong = Some(kind);
        page.lines.push(line);
        Answer::Now(Err("it is not the intent that was expected".into()))
    }

    fn close(&self) -> (VecDeque<Expected>, Vec<Line>, Option<UnmetKind>) {
        let mut page = self.lock();
        let Page { expected, lines, wrong } = &mut *page;
        (std::mem::take(expected), std::mem::take(lines), *wrong)
    }

    fn lock(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never comes, and may: it keeps who waits for it.
struct Silent(Option<Waker>);

impl Future for Silent {
    type Output = Answered;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        self.0 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// By `Debug`, which is the user's code.
pub(super) fn shown(intent: &(impl AnyIntent + ?Sized)) -> String {
    isolate(|| format!("{intent:?}"))
        .unwrap_or_else(|panic| format!("(showing it panicked: {panic})"))
}

impl<I> fmt::Debug for Expectation<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expectation").field(&format_args!("{}", self.shown)).finish()
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expected").field(&format_args!("{}", self.shown)).finish()
    }
}
