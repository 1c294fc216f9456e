//! [`Machine`]: performs an effect, link by link, with no recursion: what follows stands in the frames of fibers, and fibers
//! that wait for others know them by their places.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rem_core::__private::isolate;

use crate::bell::{Ready, Rope};
use crate::dispatcher::{Answer, Dispatcher};
use crate::error::{EffectError, EffectErrorKind};
use crate::fiber::{Fiber, Frame, Join, Step, Wait};
use crate::intent::Asked;
use crate::node::{Came, How, Link, Node, Place, Value};

/// How many steps it takes before it lets others of its thread go on.
const STEPS: usize = 10_000;

pub(crate) struct Machine {
    dispatcher: Dispatcher,
    blocking: bool,
    ready: Arc<Ready>,
    /// By their places, of which the first is the whole.
    fibers: Vec<Option<Fiber>>,
    free: Vec<usize>,
}

impl Machine {
    pub(crate) fn new(link: Link, dispatcher: Dispatcher, blocking: bool) -> Self {
        let ready = Arc::new(Ready::default());
        ready.push(0);
        let fibers = vec![Some(Fiber::new(link, None))];
        Self { dispatcher, blocking, ready, fibers, free: Vec::new() }
    }

    /// Goes on as far as it can; not to be called once it is ready.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Came> {
        self.ready.wakes(cx.waker());
        let mut steps = STEPS;
        while let Some(place) = self.ready.pop() {
            // Who rang for it may have rung late: it is over, or at something else, which looks for itself.
            let Some(mut fiber) = self.fibers.get_mut(place).and_then(Option::take) else {
                continue;
            };
            if let Some(came) = self.run(place, &mut fiber, &mut steps) {
                match fiber.parent {
                    None => return Poll::Ready(came),
                    Some((parent, index)) => {
                        self.free.push(place);
                        self.report(parent, index, came);
                    }
                }
            } else {
                self.fibers[place] = Some(fiber);
            }
            if steps == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        Poll::Pending
    }

    /// Runs one until it has come to something, waits, or has taken steps enough.
    fn run(&mut self, place: usize, fiber: &mut Fiber, steps: &mut usize) -> Option<Came> {
        let ready = Arc::clone(&self.ready);
        let rope = || Rope::new(place, &ready);
        loop {
            if *steps == 0 {
                self.ready.push(place);
                return None;
            }
            *steps -= 1;
            fiber.step = match mem::take(&mut fiber.step) {
                Step::Begin(link) => self.begin(place, fiber, link),
                Step::Came(came) => match fiber.pop() {
                    Some(frame) => self.resume(fiber, frame, came),
                    None => return Some(came),
                },
                Step::Wait(mut wait) => match fiber.ask(&mut wait, rope) {
                    Poll::Ready(came) => Step::Came(came),
                    Poll::Pending if self.is_late(fiber, &mut wait, rope) => {
                        Step::Came(Err(EffectError::never_answers(&wait.asked, Some(wait.limit))))
                    }
                    Poll::Pending => self.rest(fiber, Step::Wait(wait), rope)?,
                },
                Step::Sleep(mut alarm, link) => {
                    if fiber.is_due(&mut alarm, rope) {
                        Step::Begin(link)
                    } else {
                        self.rest(fiber, Step::Sleep(alarm, link), rope)?
                    }
                }
                Step::Join => self.rest(fiber, Step::Join, rope)?,
            };
        }
    }

    /// Lets it wait, `None`, unless a time limit of it is over.
    fn rest(&mut self, fiber: &mut Fiber, step: Step, rope: impl Fn() -> Rope) -> Option<Step> {
        let overdue = fiber.overdue(rope);
        fiber.step = step;
        let overdue = overdue?;
        let awaited = self.awaited(fiber);
        let (frame, rest) = fiber.cut(overdue);
        let step = mem::take(&mut fiber.step);
        self.give_up(rest);
        drop(step); // what was waited for
        let Some(Frame::Limit { limit, at, .. }) = frame else { return None };
        Some(Step::Came(Err(EffectError::timed_out(awaited.as_ref(), limit, at))))
    }

    /// Whether the dispatcher's limit is over.
    fn is_late(&mut self, fiber: &mut Fiber, wait: &mut Wait, rope: impl FnOnce() -> Rope) -> bool {
        if wait.limit == Duration::MAX {
            return false;
        }
        let limit = wait.limit;
        let alarm = wait.alarm.get_or_insert_with(|| self.dispatcher.time.after(limit));
        fiber.is_due(alarm, rope)
    }

    fn begin(&mut self, place: usize, fiber: &mut Fiber, link: Link) -> Step {
        let before = match link.node() {
            Node::Value(value, at) => {
                let value = isolate(|| value(()));
                return Step::Came(value.map_err(|panic| EffectError::panicked(at, panic)));
            }
            Node::Fail(error) => return Step::Came(Err(error.clone())),
            Node::Ask(asked) => return self.ask(asked),
            Node::All { parts, how, collect } => {
                if parts.is_empty() {
                    return Step::Came(Ok(collect(Vec::new())));
                }
                if *how == How::OneByOne {
                    let (first, got) = (parts[0].clone(), Vec::with_capacity(parts.len()));
                    fiber.push(Frame::Sequence { link, got });
                    return Step::Begin(first);
                }
                return self.fork(place, fiber, &link, parts);
            }
            Node::Map { before, .. } | Node::Then { before, .. } | Node::OrElse { before, .. } => {
                let before = before.clone();
                fiber.push(Frame::Link(link));
                return Step::Begin(before);
            }
            Node::Limit { before, limit, at } => {
                let alarm = self.dispatcher.time.after(*limit);
                fiber.push(Frame::Limit { alarm, limit: *limit, at });
                before.clone()
            }
            Node::Again { before, retry } => {
                let (waits, link) = (Box::new(retry.schedule()), before.clone());
                fiber.push(Frame::Again { link, waits, attempts: 1 });
                before.clone()
            }
        };
        Step::Begin(before)
    }

    fn ask(&mut self, asked: &Asked) -> Step {
        match self.dispatcher.answer(asked, self.blocking) {
            Ok(Answer::Now(answered)) => {
                Step::Came(answered.map_err(|error| EffectError::failed(asked, error)))
            }
            Ok(Answer::Later(answer)) => Step::Wait(Wait {
                asked: asked.clone(),
                answer: Some(answer),
                alarm: None,
                limit: self.dispatcher.answer_within,
            }),
            Ok(Answer::Effect(link)) => Step::Begin(link),
            Err(error) => Step::Came(Err(error)),
        }
    }

    /// Begins several beside one another.
    fn fork(&mut self, place: usize, fiber: &mut Fiber, link: &Link, parts: &[Link]) -> Step {
        let mut fibers = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let child = Some(Fiber::new(part.clone(), Some((place, index))));
            let at = self.free.pop().unwrap_or(self.fibers.len());
            match self.fibers.get_mut(at) {
                Some(free) => *free = child,
                None => self.fibers.push(child),
            }
            self.ready.push(at);
            fibers.push(Some(at));
        }
        let (came, left) = (parts.iter().map(|_| None).collect(), parts.len());
        fiber.push(Frame::Join(Join { link: link.clone(), fibers, came, left }));
        Step::Join
    }

    /// What follows when a part has come to something.
    fn resume(&mut self, fiber: &mut Fiber, frame: Frame, came: Came) -> Step {
        match frame {
            Frame::Link(link) => follow(&link, came),
            Frame::Sequence { link, mut got } => {
                let Node::All { parts, collect, .. } = link.node() else { return Step::Came(came) };
                match came {
                    Err(error) => Step::Came(Err(error.of_index(got.len()))),
                    Ok(value) => {
                        got.push(value);
                        match parts.get(got.len()).cloned() {
                            None => Step::Came(Ok(collect(got))),
                            Some(next) => {
                                fiber.push(Frame::Sequence { link, got });
                                Step::Begin(next)
                            }
                        }
                    }
                }
            }
            Frame::Again { link, mut waits, attempts } => {
                let error = match came {
                    Err(error) if error.kind() != EffectErrorKind::NoPerformer => error,
                    came => return Step::Came(came),
                };
                let Some(wait) = waits.next() else {
                    return Step::Came(Err(error.after(attempts)));
                };
                let alarm = self.dispatcher.time.after(wait);
                let again = link.clone();
                fiber.push(Frame::Again { link, waits, attempts: attempts.saturating_add(1) });
                Step::Sleep(alarm, again)
            }
            // What came within its limit goes on as it is. A join does not come here: `report` answers it.
            Frame::Limit { .. } | Frame::Join(_) => Step::Came(came),
        }
    }

    /// Tells a fiber that waits for others what one of them has come to.
    fn report(&mut self, parent: usize, index: usize, came: Came) {
        let Some(fiber) = self.fibers.get_mut(parent).and_then(Option::as_mut) else { return };
        let Some(Frame::Join(join)) = fiber.frames.last_mut() else { return };
        let Node::All { how, collect, .. } = join.link.node() else { return };
        let collect = *collect;
        let ends = came.is_err() && *how == How::UntilOneFails;
        let came = came.map_err(|error| error.of_index(index));
        join.fibers[index] = None;
        join.left -= 1;
        if ends {
            let given_up = fiber.pop();
            fiber.step = Step::Came(came);
            self.ready.push(parent);
            self.give_up(given_up);
            return;
        }
        join.came[index] = Some(came);
        if join.left > 0 {
            return;
        }
        let all = mem::take(&mut join.came);
        fiber.pop();
        fiber.step = Step::Came(joined(all, collect));
        self.ready.push(parent);
    }

    /// Ends the fibers that such frames wait for, and theirs.
    fn give_up(&mut self, frames: impl IntoIterator<Item = Frame>) {
        let mut frames: Vec<Frame> = frames.into_iter().collect();
        while let Some(frame) = frames.pop() {
            if let Frame::Join(join) = &frame {
                for place in join.fibers.iter().flatten() {
                    if let Some(mut fiber) = self.fibers.get_mut(*place).and_then(Option::take) {
                        self.free.push(*place);
                        frames.append(&mut fiber.frames);
                        quietly(fiber);
                    }
                }
            }
            quietly(frame);
        }
    }

    /// The first intent that a fiber waits for, by itself or in those that it waits for.
    fn awaited(&self, fiber: &Fiber) -> Option<Asked> {
        let mut fiber = fiber;
        loop {
            match (&fiber.step, fiber.frames.last()) {
                (Step::Wait(wait), _) => return Some(wait.asked.clone()),
                (Step::Join, Some(Frame::Join(join))) => {
                    let place = *join.fibers.iter().flatten().next()?;
                    fiber = self.fibers.get(place)?.as_ref()?;
                }
                _ => return None,
            }
        }
    }
}

/// What it holds is the user's: should some of it panic as it goes, nobody else is harmed.
impl Drop for Machine {
    fn drop(&mut self) {
        self.fibers.drain(..).flatten().for_each(quietly);
    }
}

fn quietly<T>(value: T) {
    let _ = isolate(move || drop(value));
}

/// What a link makes of what came before it.
fn follow(link: &Link, came: Came) -> Step {
    match (link.node(), came) {
        (Node::Map { map, at, .. }, Ok(value)) => {
            Step::Came(isolate(|| map(value)).map_err(|panic| EffectError::panicked(at, panic)))
        }
        (Node::Then { then, at, .. }, Ok(value)) => next(isolate(|| then(value)), at),
        (Node::OrElse { or, at, .. }, Err(error)) => next(isolate(|| or(error)), at),
        (_, came) => Step::Came(came),
    }
}

fn next(link: Result<Link, Box<str>>, at: Place) -> Step {
    match link {
        Ok(link) => Step::Begin(link),
        Err(panic) => Step::Came(Err(EffectError::panicked(at, panic))),
    }
}

/// All values, or all errors.
fn joined(all: Vec<Option<Came>>, collect: fn(Vec<Value>) -> Value) -> Came {
    let (mut values, mut errors) = (Vec::with_capacity(all.len()), Vec::new());
    for came in all.into_iter().flatten() {
        match came {
            Ok(value) => values.push(value),
            Err(error) => errors.push(error),
        }
    }
    EffectError::several(errors).map_or_else(|| Ok(collect(values)), Err)
}
