//! [`Fiber`]: one line of work of an effect that is performed, with what is to follow.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rem_core::__private::{Alarm, isolate};

use crate::bell::Rope;
use crate::dispatcher::Later;
use crate::error::EffectError;
use crate::intent::Asked;
use crate::node::{Came, Link, Place, Value};

/// One line of work: an effect of [`parallel`](crate::parallel), or the whole.
#[derive(Default)]
pub(crate) struct Fiber {
    pub(crate) step: Step,
    /// What is to follow, the next last.
    pub(crate) frames: Vec<Frame>,
    /// Where among them are limits, the outermost first.
    limits: Vec<usize>,
    /// The fiber whose part it is, and which of its parts.
    pub(crate) parent: Option<(usize, usize)>,
    /// Rung by what it waits for; and by its limits, so that it is known whether the first still can.
    answer: Option<Rope>,
    alarm: Option<Rope>,
}

/// What it is at.
#[derive(Default)]
pub(crate) enum Step {
    Begin(Link),
    Came(Came),
    Wait(Wait),
    /// Before it is tried again.
    Sleep(Alarm, Link),
    /// For others, which belong to the last frame.
    #[default]
    Join,
}

/// What follows when a part has come to something.
pub(crate) enum Frame {
    /// A map, an effect by a value, or one by an error.
    Link(Link),
    Sequence {
        link: Link,
        got: Vec<Value>,
    },
    Join(Join),
    Limit {
        alarm: Alarm,
        limit: Duration,
        at: Place,
    },
    Again {
        link: Link,
        waits: Box<dyn Iterator<Item = Duration> + Send>,
        attempts: u32,
    },
}

/// Several beside one another.
pub(crate) struct Join {
    pub(crate) link: Link,
    /// Their places; `None` for those that are over.
    pub(crate) fibers: Vec<Option<usize>>,
    pub(crate) came: Vec<Option<Came>>,
    pub(crate) left: usize,
}

/// An answer that is waited for.
pub(crate) struct Wait {
    pub(crate) asked: Asked,
    pub(crate) answer: Option<Later>,
    /// The dispatcher's limit, when it has waited at all.
    pub(crate) alarm: Option<Alarm>,
    pub(crate) limit: Duration,
}

impl Fiber {
    pub(crate) fn new(link: Link, parent: Option<(usize, usize)>) -> Self {
        Self { step: Step::Begin(link), parent, ..Self::default() }
    }

    pub(crate) fn push(&mut self, frame: Frame) {
        if let Frame::Limit { .. } = frame {
            self.limits.push(self.frames.len());
        }
        self.frames.push(frame);
    }

    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop();
        if let Some(Frame::Limit { .. }) = frame {
            self.limits.pop();
        }
        frame
    }

    /// Asks what it waits for; an answer that cannot come any more is an error.
    pub(crate) fn ask(&mut self, wait: &mut Wait, new: impl FnOnce() -> Rope) -> Poll<Came> {
        let rope = self.answer.get_or_insert_with(new);
        let mut cx = Context::from_waker(rope.hand_out());
        let Some(answer) = wait.answer.as_mut() else { return Poll::Pending };
        match isolate(|| answer.as_mut().poll(&mut cx)) {
            Err(panic) => Poll::Ready(Err(EffectError::performer_panicked(&wait.asked, panic))),
            Ok(Poll::Ready(Ok(value))) => Poll::Ready(Ok(value)),
            Ok(Poll::Ready(Err(error))) => {
                Poll::Ready(Err(EffectError::failed(&wait.asked, error)))
            }
            Ok(Poll::Pending) if rope.is_lost() => {
                Poll::Ready(Err(EffectError::never_answers(&wait.asked, None)))
            }
            Ok(Poll::Pending) => Poll::Pending,
        }
    }

    /// Whether that time has come; if not, it is rung then.
    pub(crate) fn is_due(&mut self, alarm: &mut Alarm, new: impl FnOnce() -> Rope) -> bool {
        let rope = self.alarm.get_or_insert_with(new);
        let mut cx = Context::from_waker(rope.hand_out());
        Pin::new(alarm).poll(&mut cx).is_ready()
    }

    /// The frame of the outermost limit that is over; if none is, it is rung by the first that will be.
    pub(crate) fn overdue(&mut self, new: impl FnOnce() -> Rope) -> Option<usize> {
        if self.limits.is_empty() {
            return None;
        }
        let rope = self.alarm.get_or_insert_with(new);
        let mut cx = Context::from_waker(rope.hand_out());
        let frames = &mut self.frames;
        self.limits.iter().copied().find(|place| match &mut frames[*place] {
            Frame::Limit { alarm, .. } => Pin::new(alarm).poll(&mut cx).is_ready(),
            _ => false,
        })
    }

    /// Ends what stands behind that frame, and it: gives it, and what is to be given up.
    pub(crate) fn cut(&mut self, place: usize) -> (Option<Frame>, Vec<Frame>) {
        let rest = self.frames.split_off(place + 1);
        self.limits.retain(|limit| *limit < place);
        (self.frames.pop(), rest)
    }
}

impl Drop for Wait {
    /// What is waited for is the user's code: should it panic as it goes, nobody else is harmed.
    fn drop(&mut self) {
        let answer = self.answer.take();
        let _ = isolate(move || drop(answer));
    }
}
